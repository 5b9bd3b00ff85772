// An explanation tested by hand: its hottest part hidden or kept, or whatever a brush covers; the scores follow.
import { css, html, nothing, predictions, said, shared, word } from "../viewer";
import { api, photoAt, type Edited } from "./api";
import { Brush } from "./brush";
import "./curves";
import { Following } from "./following";

const QUIET = 15; // milliseconds without a move before the server is asked

export class ByHand extends Following {
  static override properties = {
    ...Following.properties, chosen: { state: true }, kind: { state: true }, share: { state: true }, keep: { state: true },
    fill: { state: true }, answer: { state: true }, size: { state: true }, shown: { state: true },
  };
  static override styles = [shared, css`
    :host { display: block; }
    .bar { margin-bottom: 14px; }
    .test { display: grid; grid-template-columns: minmax(0, 1fr) 300px; gap: 20px; align-items: start; }
    .picture { position: relative; border-radius: 12px; overflow: hidden; background: var(--track); line-height: 0; }
    .picture img { width: 100%; height: auto; }
    .picture canvas { position: absolute; inset: 0; width: 100%; height: 100%; opacity: .5; touch-action: none; cursor: crosshair; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 16px 18px; display: grid; gap: 14px; }
    seewhy-curves { margin-top: 16px; }
    @media (max-width: 900px) { .test { grid-template-columns: minmax(0, 1fr); } }
  `];
  declare chosen: string;
  declare kind: "hottest" | "brush";
  declare share: number;
  declare keep: boolean;
  declare fill: string;
  declare answer: Edited | null;
  declare size: number;
  declare shown: string; // of which photo, model and classes the answer is
  private asking?: AbortController;
  private brush = new Brush(() => this.ask());
  private due = 0;

  constructor() {
    super();
    Object.assign(this, { chosen: "", kind: "hottest", share: 20, keep: false, fill: "blur", answer: null, size: 12, shown: "" });
  }

  override render() {
    const { session } = this, { results } = session, { photo } = session.state;
    if (!photo || !session.model) return nothing;
    const key = results.some((one) => one.key === this.chosen) ? this.chosen : results[0]?.key ?? "", fills = session.model.fills ?? ["blur", "grey", "black"];
    const current = `${photo.id} ${session.state.model} ${key}`;
    if (current !== this.shown) queueMicrotask(() => this.restart(current));
    return html`<form class="bar" @submit=${(event: Event) => event.preventDefault()}>
      <fieldset class="segments"><legend>${word("hide_by")}</legend>
        ${this.segment("kind", "hottest", word("hide_hottest"))}${this.segment("kind", "brush", word("hide_brush"))}</fieldset>
      ${this.kind === "hottest" ? html`<label class="field"><span>${word("explanations")}</span><select data-testid="test-map" @change=${(event: Event) => { this.chosen = (event.target as HTMLSelectElement).value; }}>
          ${results.map((one) => html`<option value=${one.key} ?selected=${one.key === key}>${one.method}, ${said(one.target)}</option>`)}</select></label>
        <label class="field slide"><span>${word("hottest_share")} <output data-testid="share-value">${this.share} %</output></span>
          <input type="range" min="0" max="100" .value=${String(this.share)} data-testid="share" @input=${(event: Event) => { this.share = (event.target as HTMLInputElement).valueAsNumber; this.ask(); }}></label>`
        : html`<label class="field slide"><span>${word("brush_size")} <output>${this.size} %</output></span>
          <input type="range" min="2" max="40" .value=${String(this.size)} data-testid="brush-size" @input=${(event: Event) => (this.size = (event.target as HTMLInputElement).valueAsNumber)}></label>
        <button type="button" class="small" data-testid="brush-clear" @click=${() => this.brush.clear()}>${word("brush_clear")}</button>`}
      <fieldset class="segments"><legend>${word("what_is_left")}</legend>${this.segment("keep", "hide", word("hide_it"))}${this.segment("keep", "keep", word("keep_only_it"))}</fieldset>
      <label class="field"><span>${word("filled_with")}</span><select data-testid="fill" @change=${(event: Event) => { this.fill = (event.target as HTMLSelectElement).value; this.ask(); }}>
        ${fills.map((one) => html`<option value=${one} ?selected=${one === this.fill}>${FILL[one]?.() ?? one}</option>`)}</select></label>
    </form>
    <div class="test"><div>
      <div class="picture"><img src=${this.answer?.picture ?? photoAt(photo.id)} alt=${word("shown_to_network")} data-testid="edited">
        ${this.kind === "brush" ? html`<canvas width=${this.brush.columns} height=${this.brush.rows} tabindex="0" role="application" aria-label="${word("hide_brush")}. ${word("brush_keys")}" data-testid="brush"
          @pointerdown=${this.paint} @pointermove=${this.paint} @keydown=${this.steer}></canvas>` : nothing}</div>
      <p class="hint">${this.kind === "brush" ? word("brush_hint") : word("shown_to_network")}</p>
      ${key && this.kind === "hottest" ? html`<seewhy-curves .session=${session} key=${key} fill=${this.fill}></seewhy-curves>` : nothing}
    </div><div class="card" data-testid="live"><h2>${word("now_says")}</h2>
      ${this.answer ? html`<p class="hint" data-testid="covered">${word("covered", { share: (100 * this.answer.covered).toFixed(0) })}</p>
        ${this.answer.classes.length ? html`<div><h2>${word("explained_classes")}</h2><div data-testid="live-classes">${predictions(this.answer.classes, null)}</div></div>` : nothing}
        <div><h2>${word("predictions")}</h2><div data-testid="live-top">${predictions(this.answer.predictions, null)}</div></div>` : html`<p class="hint">${word("looking")}</p>`}
    </div></div>`;
  }

  private segment(name: "kind" | "keep", value: string, label: string) {
    const on = name === "kind" ? this.kind === value : this.keep === (value === "keep");
    return html`<label><input type="radio" name=${name} value=${value} .checked=${on} data-testid="${name}-${value}" @change=${() => {
      if (name === "kind") this.kind = value as "hottest" | "brush";
      else this.keep = value === "keep";
      this.ask();
    }}><span>${label}</span></label>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(".picture canvas");
    if (canvas) this.brush.draw(canvas);
  }

  private restart(current: string): void {
    if (this.shown === current) return;
    const { photo } = this.session.state;
    if (photo && !this.shown.startsWith(photo.id)) this.brush.fit(photo.width, photo.height);
    this.shown = current;
    this.ask();
  }

  /** The server is asked a moment later, for what is chosen by then; an answer that is out of date is dropped. */
  private ask(): void {
    clearTimeout(this.due);
    this.requestUpdate();
    this.due = window.setTimeout(() => void this.send(), QUIET);
  }

  private async send(): Promise<void> {
    const { session, share, keep, fill } = this, { photo, model } = session.state, { results } = session;
    const key = results.some((one) => one.key === this.chosen) ? this.chosen : results[0]?.key;
    if (!photo || session.mute || (this.kind === "hottest" && !key)) return;
    const edit = this.kind === "hottest" ? { kind: "hottest", key, share: share / 100, keep, fill } : { ...this.brush.asEdit(), keep, fill };
    const classes = [...new Set(results.flatMap((one) => one.class ?? []))].slice(0, 10);
    const texts = session.texts.length ? { texts: session.texts } : {};
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const answer = await api.edit({ photo: photo.id, model, top: 5, ...(classes.length ? { classes } : {}), ...texts, edit, picture: true }, asking.signal);
      if (asking === this.asking) this.answer = answer;
    } catch (error) {
      if (!asking.signal.aborted) session.failed(error);
    }
  }

  private paint(event: PointerEvent): void {
    if (event.type === "pointermove" && !event.buttons) return;
    const canvas = event.currentTarget as HTMLCanvasElement, box = canvas.getBoundingClientRect();
    canvas.setPointerCapture(event.pointerId);
    this.brush.dab((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, this.size / 100, event.shiftKey);
  }

  private steer(event: KeyboardEvent): void {
    if (this.brush.key(event.key, this.size / 100, event.shiftKey)) event.preventDefault();
  }
}

const FILL: Record<string, () => string> = {
  blur: () => word("fill_blur"), grey: () => word("fill_grey"), black: () => word("fill_black"), inpaint: () => word("fill_inpaint"),
};

customElements.define("seewhy-by-hand", ByHand);
