// What the reader has chosen, and what the server said to it. Elements read it, and are told when it changes.
import { lang, listen, PLAIN, speak, type Lang, type View } from "../viewer";
import { api, photoAt, Refused, type Card, type Cost, type Early, type Found, type Layer, type Model, type Photo, type Prediction, type Problem, type Wish } from "./api";
import { bare, methodsFor, targetsFor, textsOf } from "./fitting";
import { Grid } from "./grid";
import { read, written, type State } from "./link";
import { wishOf } from "./wish";
import { Works } from "./work";
import type { Data } from "../types";

export interface Start {
  lang: Lang;
  version: string;
  tables: Record<string, string>;
  limits: { bytes: number; pixels: number; grid: number };
}

const FEW = 40; // photos that are remembered
const GONE = "unknown_photo"; // how the server says that it keeps a photo no longer
const REST = 200; // milliseconds
export const after = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const plain = (model = ""): State => ({
  photo: null, model, methods: [{ id: "gradcam", options: {} }], targets: ["top"], seed: 0, score: "", tab: "explain", view: { ...PLAIN, beside: true },
});

export class Session extends EventTarget {
  models: Model[] = [];
  loading: string[] = [];
  samples: Photo[] = [];
  photos: Photo[] = [];
  state: State = plain();
  predictions: Prediction[] | null = null;
  trouble: Problem | null = null;
  names: Record<Lang, string[]> = { en: [], zh: [] };
  cards: Record<string, Card> | null = null; // until one is looked at
  costs = new Map<string, Cost>();
  layers: Layer[] = [];
  readonly works = new Works(
    () => this.changed(),
    () => void this.cost(),
  );
  readonly opened: Promise<void>; // once what is kept of a link is there
  readonly seen: Promise<void>; // and drawn, if anyone looks
  private told = "";
  private predicted = "";
  private waiting = false;
  private fitted = false; // whether the method was chosen by the reader, or fits the model
  private due = 0;
  private readonly grid = new Grid(this);

  constructor(readonly start: Start, early: Early | null) {
    super();
    const chosen = localStorage.getItem("seewhy-lang");
    speak(chosen === "zh" || chosen === "en" ? chosen : start.lang);
    listen(() => {
      localStorage.setItem("seewhy-lang", lang());
      void this.words();
      void this.translated();
      this.changed();
    });
    this.take();
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) === this.told) return;
      const { model } = this.state;
      this.take();
      this.known();
      if (model !== this.state.model) void this.facts();
      void this.reopen().then(() => this.refresh());
    });
    this.opened = this.reopen(early);
    this.seen = this.opened.then(() => Promise.race([new Promise(requestAnimationFrame), after(REST)])).then(() => after(0));
    void this.open();
  }

  get model(): Model | undefined {
    return this.models.find((one) => one.id === this.state.model);
  }

  /** What photos are compared with, of a network that takes texts. */
  get texts(): string[] {
    return this.model?.texts ? [...new Set(this.state.targets.flatMap((one) => textsOf(one, this.names.en)))] : [];
  }

  /** Whether nothing can be said before the reader types a text. */
  get mute(): boolean {
    return bare(this.model) && !this.texts.length;
  }

  /** Ask another model. */
  use(id: string): void {
    const model = this.models.find((one) => one.id === id);
    if (!model) return;
    const { targets } = this.state;
    const methods = this.state.methods.map(({ id, options: { layer: _its, ...options } }) => ({ id, options })); // another's layers
    this.choose({ model: id, targets: targetsFor(model, targets, true), methods: methodsFor(model, methods) });
    void this.facts();
  }

  /** Ask for what is shown from now on. */
  choose(change: Partial<State>): void {
    Object.assign(this.state, change);
    if (change.photo && this.trouble?.code === GONE) this.trouble = null;
    this.tell();
    void this.refresh();
  }

  /** The address follows once a slider rests: browsers bear few changes of it in a row. */
  look(view: View): void {
    this.state.view = view;
    clearTimeout(this.due);
    this.due = window.setTimeout(() => this.tell(), REST);
    this.changed();
  }

  async add(files: Iterable<File>): Promise<void> {
    let last: Photo | null = null;
    for (const file of files) {
      try {
        last = this.keep({ ...(await api.add(file)), name: file.name || "photo" });
      } catch (error) {
        this.failed(error);
      }
    }
    if (last) this.choose({ photo: last });
  }

  /** Explanations to show. */
  get data(): Data | null {
    return this.grid.data;
  }

  get results(): Found[] {
    return this.grid.cells.flatMap(({ key }) => this.works.found.get(key) ?? []);
  }

  private get wish(): Wish | null {
    return wishOf({ ...this.state, photo: this.state.photo ?? undefined });
  }

  /** What is asked for, a job a method. */
  get wishes(): [name: string, wish: Wish][] {
    const all = this.model || this.fitted ? this.wish : null;
    return (all?.methods ?? []).map((one) => {
      const wish: Wish = { ...all!, methods: [one] };
      return [JSON.stringify(wish), wish];
    });
  }

  async refresh(): Promise<void> {
    this.changed();
    const { photo } = this.state;
    if (!photo || !this.model) return;
    void this.predict();
    const wishes = this.wishes;
    this.works.only(new Set(wishes.map(([name]) => name)));
    await Promise.all(wishes.map(([name, wish]) => this.works.ask(name, wish)));
    if (wishes.some(([name]) => this.works.all.get(name)?.trouble?.code === GONE)) this.lost(photo);
  }

  again(): void {
    void this.refresh();
  }

  dismiss(): void {
    this.trouble = null;
    this.changed();
  }

  /** Seconds of methods that could be asked for. */
  async cost(): Promise<void> {
    const { model, targets } = this.state;
    if (!this.model || !targets.length) return;
    const methods = this.model.methods.filter((one) => one.offered).map(({ id }) => ({ id, options: {} }));
    const most = Math.max(1, Math.floor(this.start.limits.grid / targets.length));
    for (let i = 0; i < methods.length; i += most) {
      const wish = { model, methods: methods.slice(i, i + most), targets };
      try {
        for (const cost of (await api.costs(wish)).costs) this.costs.set(cost.method, cost);
      } catch (error) {
        if (!(error instanceof Refused)) throw error; // what can't be said is not shown
      }
    }
    this.changed();
  }

  /** A photo that can't be shown: whether it is kept no longer. */
  missed(photo: Photo): void {
    api.there(photo.id).catch((error) => this.failed(error, photo));
  }

  /** All else that was chosen stays, for when the photo is sent again. */
  private lost(photo: Photo): void {
    this.photos = this.photos.filter((one) => one.id !== photo.id);
    this.trouble = { code: GONE, problem: photo.name, hint: "" };
    this.predicted = "";
    if (this.state.photo?.id === photo.id) this.choose({ photo: null });
    this.changed();
  }

  failed(error: unknown, photo = this.state.photo): void {
    if (!(error instanceof Refused)) throw error;
    if (error.said.code === GONE && this.trouble?.code === GONE) return; // told already, by another request
    if (error.said.code === GONE && photo) return this.lost(photo);
    this.trouble = error.said;
    this.changed();
  }

  changed(): void {
    if (this.waiting) return;
    this.waiting = true;
    queueMicrotask(() => {
      this.waiting = false;
      this.dispatchEvent(new Event("change"));
    });
  }

  private async open(): Promise<void> {
    try {
      await this.seen;
      void this.words();
      await this.shelf();
    } catch (error) {
      this.failed(error);
    }
  }

  /** What a link asks for and is kept, before all else. early: where it was asked for already. */
  private async reopen(early: Early | null = null): Promise<void> {
    const wish = this.fitted ? this.wish : null;
    if (!wish) return;
    const { wishes } = this; // as they are now: what is chosen meanwhile is asked for by itself
    new Image().src = photoAt(wish.photo); // on its way meanwhile
    try {
      const kept = await (early?.asked === JSON.stringify(wish) ? early.answer : api.kept(wish)); // the address may be another by now
      if (kept) this.works.take(wishes, kept);
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // else whoever asks for the work is told
    }
  }

  /** The models, those to come too. */
  private async shelf(): Promise<void> {
    const { models, loading } = await api.models(lang());
    Object.assign(this, { models, loading });
    if (!this.model && !loading.includes(this.state.model)) this.state.model = models[0]?.id ?? "";
    this.known();
    void this.facts();
    void this.refresh();
    if (loading.length) setTimeout(() => void this.shelf().catch((error) => this.failed(error)), 1000);
  }

  /** A network that takes texts has no likeliest class to begin with, and one without maps no Grad-CAM. */
  private known(): void {
    const { model, state } = this;
    if (!model) return;
    state.targets = targetsFor(model, state.targets, false);
    if (!this.fitted) state.methods = [{ id: model.first, options: {} }];
    this.fitted = true;
  }

  /** What belongs to the model: its classes' names and layers. */
  async facts(): Promise<void> {
    const { model } = this.state;
    this.layers = [];
    this.costs.clear();
    if (!this.model) return;
    const [en, zh, layers] = await Promise.allSettled([api.classes(model, "en"), api.classes(model, "zh"), api.layers(model)]);
    if (model !== this.state.model) return;
    this.names = { en: en.status === "fulfilled" ? en.value.classes : [], zh: zh.status === "fulfilled" ? zh.value.classes : [] };
    this.layers = layers.status === "fulfilled" ? layers.value.layers : [];
    this.changed();
    void this.cost();
  }

  /** What the methods are and take, in the language chosen by now. */
  private async translated(): Promise<void> {
    const found = await api.models(lang()).catch(() => null); // an old text is better than none
    if (found?.models.length) this.models = found.models;
    this.changed();
  }

  private async words(): Promise<void> {
    const found = await api.samples(lang()).catch(() => null);
    if (found) this.samples = found.samples;
    if (this.cards) void this.describe();
    this.changed();
  }

  /** What the methods' cards say, from when one is looked at. */
  async describe(): Promise<void> {
    this.cards ??= {};
    const found = await api.cards(lang()).catch(() => null);
    if (found) this.cards = found.cards;
    this.changed();
  }

  private async predict(): Promise<void> {
    const { photo, model } = this.state, texts = this.texts.length ? this.texts : undefined;
    const wanted = JSON.stringify([photo!.id, model, texts]);
    if (wanted === this.predicted) return;
    Object.assign(this, { predictions: null, predicted: wanted });
    if (this.mute) return;
    try {
      const { predictions } = await api.predict(photo!.id, model, texts);
      if (wanted === this.predicted) this.predictions = predictions;
    } catch (error) {
      this.predicted = "";
      this.failed(error);
    }
    this.changed();
  }

  private keep(photo: Photo): Photo {
    this.photos = [photo, ...this.photos.filter((one) => one.id !== photo.id)].slice(0, FEW);
    return photo;
  }

  /** Chosen by an address. */
  private take(): void {
    Object.assign(this.state, plain(this.state.model), read(location.hash));
    if (this.state.photo) this.keep(this.state.photo);
    this.told = location.hash.slice(1);
    this.fitted = Boolean(read(this.told).methods);
  }

  private tell(): void {
    this.told = written(this.state);
    history.replaceState(null, "", `#${this.told}`);
    this.changed();
  }

  /** This state's address. */
  get link(): string {
    return `${location.origin}/#${written(this.state)}`;
  }
}
