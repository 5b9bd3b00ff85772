// The page of `seewhy serve`.
import { css, html, lang, nothing, shared, sheet, speak, word, type View } from "../viewer";
import { photoAt, type Early } from "./api";
import { Following } from "./following";
import { after, Session, type Start } from "./session";
import "./byhand";
import "./classes";
import "./inside";
import "./intake";
import "./methods";
import { trouble } from "./queue";
import "./share";

const TABS: [string, () => string][] = [["explain", () => word("tab_explain")], ["inside", () => word("tab_inside")], ["test", () => word("tab_test")]];
const THEMES = ["auto", "light", "dark"];
const PATIENCE = 200; // milliseconds

export class App extends Following {
  static override properties = { ...Following.properties, theme: { state: true }, begun: { state: true }, settled: { state: true } };
  static override styles = [shared, css`
    :host { display: block; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 16px; margin-bottom: 18px; }
    header .brand { font-size: 19px; margin: 0; }
    header .field span { white-space: nowrap; }
    header .field { display: flex; align-items: center; gap: 8px; }
    header .right { margin-left: auto; display: flex; gap: 8px; }
    .page { display: grid; grid-template-columns: 330px minmax(0, 1fr); gap: 22px; align-items: start; }
    .side { display: grid; gap: 14px; }
    section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 14px 16px; min-width: 0; }
    .start { max-width: 760px; margin: 6vh auto 0; }
    .start h1 { text-align: center; margin-bottom: 22px; }
    [role="tablist"] { display: flex; gap: 4px; margin-bottom: 14px; border-bottom: 1px solid var(--line); }
    [role="tab"] { font: inherit; padding: 8px 14px; border: 0; border-bottom: 2.5px solid transparent; background: none; color: var(--soft); cursor: pointer; }
    [role="tab"][aria-selected="true"] { color: var(--accent); border-color: var(--accent); font-weight: 600; }
    .trouble { display: flex; gap: 12px; justify-content: space-between; align-items: start; padding: 10px 14px; margin-bottom: 14px; border: 1px solid var(--stamp); border-radius: 12px; background: var(--card); }
    .waiting { max-width: 100%; max-height: 60vh; border-radius: 12px; }
    @media (max-width: 900px) {
      .page { display: flex; flex-direction: column; align-items: stretch; gap: 14px; }
      .side { display: contents; }
      .methods { order: 2; }
    }
  `];
  declare theme: string;
  declare begun: boolean; // drawn once, with the maps of a link, if these are soon there
  declare settled: boolean; // once what a link shows is there: a font with Chinese takes a browser longer than the maps

  constructor() {
    super();
    const held = document.getElementById("data")!;
    this.session = new Session(JSON.parse(held.textContent!) as Start, early);
    this.theme = localStorage.getItem("seewhy-theme") ?? "auto";
    Object.assign(this, { begun: false, settled: false });
    void Promise.race([this.session.opened, after(PATIENCE)]).then(() => (this.begun = true));
    void this.session.seen.then(() => (this.settled = true));
    this.addEventListener("look", (event) => this.session.look((event as CustomEvent<View>).detail));
  }

  protected override shouldUpdate(): boolean {
    return this.begun;
  }

  override render() {
    const { session } = this, { photo, tab } = session.state;
    document.documentElement.lang = lang() === "zh" ? "zh-CN" : "en";
    document.documentElement.style.colorScheme = this.theme === "auto" ? "light dark" : this.theme;
    document.title = photo ? `${photo.name} · seewhy` : "seewhy";
    return html`<header>
        <p class="brand">seewhy</p>
        ${session.models.length ? html`<label class="field"><span>${word("model")}</span><select data-testid="model" @change=${(event: Event) => session.use((event.target as HTMLSelectElement).value)}>
          ${session.models.map((one) => html`<option value=${one.id} ?selected=${one.id === session.state.model}>${one.name}</option>`)}
          ${session.loading.map((name) => html`<option disabled>${name} …</option>`)}</select></label>`
          : html`<p class="hint" role="status" data-testid="loading">${word("loading", { name: session.loading[0] ?? "" })}</p>`}
        ${session.model?.weights === "random" ? html`<p class="stamp-inline" data-testid="stamp">${word("random_weights")}</p>` : nothing}
        <div class="right"><button type="button" class="small" data-testid="language" lang=${lang() === "en" ? "zh-CN" : "en"} @click=${() => speak(lang() === "en" ? "zh" : "en")}>${lang() === "zh" ? "English" : this.settled ? "中文" : ""}</button>
        <button type="button" class="small" data-testid="theme" @click=${this.shade}>${word("theme")}: ${THEME[this.theme]?.() ?? this.theme}</button></div>
      </header>
      ${session.trouble ? html`<div class="trouble" role="alert" data-testid="trouble"><span>${trouble(session.trouble)}</span><button type="button" class="small" @click=${() => session.dismiss()}>${word("close")}</button></div>` : nothing}
      ${photo ? this.page(tab) : html`<div class="start"><h1>${word("see_why")}</h1><seewhy-intake .session=${session}></seewhy-intake></div>`}`;
  }

  private page(tab: string) {
    const { session } = this;
    return html`<div class="page"><div class="side">
        <seewhy-intake .session=${session}></seewhy-intake>
        <section aria-label=${word("predictions")}><h2>${word("predictions")}</h2><seewhy-classes .session=${session}></seewhy-classes></section>
        <section class="methods" aria-label=${word("methods")}><h2>${word("methods")}</h2><seewhy-methods .session=${session}></seewhy-methods></section>
      </div><div>
        <div role="tablist" @keydown=${this.turn}>${TABS.map(([id, name]) => html`<button type="button" role="tab" id="tab-${id}" aria-selected=${String(id === tab)} aria-controls="panel"
          tabindex=${id === tab ? 0 : -1} data-testid="tab-${id}" @click=${() => session.choose({ tab: id })}>${name()}</button>`)}</div>
        <div role="tabpanel" id="panel" aria-labelledby="tab-${tab}">${tab === "inside" ? html`<seewhy-inside .session=${session}></seewhy-inside>`
          : tab === "test" ? html`<seewhy-by-hand .session=${session}></seewhy-by-hand>` : this.explained()}</div>
      </div></div>`;
  }

  private explained() {
    const { session } = this, { data } = session, { photo } = session.state, targets = session.state.targets.length;
    if (session.mute && photo) return html`<p role="status" data-testid="type-a-text">${word("type_a_text")}</p>
      <img class="waiting" src=${photoAt(photo.id)} alt=${photo.name} @error=${() => session.missed(photo)}>`;
    return html`<seewhy-queue .session=${session}></seewhy-queue><seewhy-share .session=${session}></seewhy-share>
      ${data?.explanations.length ? html`<seewhy-viewer bare columns=${targets > 1 && targets < 5 ? targets : 0} .data=${data} .view=${session.state.view}></seewhy-viewer>` : nothing}`;
  }

  private turn(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = TABS.findIndex(([id]) => id === this.session.state.tab), [next] = TABS[(at + step + TABS.length) % TABS.length];
    this.session.choose({ tab: next });
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${next}`)?.focus());
  }

  private shade(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    localStorage.setItem("seewhy-theme", this.theme);
  }
}

const THEME: Record<string, () => string> = { auto: () => word("automatic"), light: () => word("theme_light"), dark: () => word("theme_dark") };

const own = new CSSStyleSheet();
own.replaceSync(sheet);
document.adoptedStyleSheets.push(own);

let early: Early | null = null;

/** Begin. given: what is kept of what the address asked for when it was read first. */
export function open(given: Early | null): void {
  early = given;
  customElements.define("seewhy-app", App);
}
