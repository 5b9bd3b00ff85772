// What is inside of the network: pages of attention, feature maps and the tree, each in a frame that can reach nothing.
import { css, html, lang, nothing, shared, word } from "../viewer";
import { Following } from "./following";

type Page = "attention" | "activations" | "tree";
const PAGES: [Page, () => string][] = [
  ["activations", () => word("inside_activations")], ["attention", () => word("inside_attention")], ["tree", () => word("inside_tree")],
];

export class InsideView extends Following {
  static override properties = { ...Following.properties, page: { state: true }, layer: { state: true } };
  static override styles = [shared, css`
    :host { display: block; }
    .bar { margin-bottom: 14px; align-items: end; }
    iframe { width: 100%; height: min(1200px, 90vh); border: 1px solid var(--line); border-radius: 14px; background: var(--paper); }
  `];
  declare page: Page;
  declare layer: string;

  constructor() {
    super();
    Object.assign(this, { page: "activations", layer: "" });
  }

  override render() {
    const { session } = this, { photo, model } = session.state, { layers } = session;
    if (!photo || !session.model) return nothing;
    const attends = session.model.methods.some((one) => one.id === "raw_attention" && one.offered);
    const pages = PAGES.filter(([page]) => page !== "attention" || attends), page = shownPage(this.page, pages);
    const layer = (layers.find((one) => one.name === this.layer) ?? layers.find((one) => one.default))?.name ?? "";
    const asked = new URLSearchParams({ photo: photo.id, model, lang: lang(), ...(page === "activations" && layer ? { layer } : {}) });
    return html`<div class="bar"><fieldset class="segments"><legend>${word("show")}</legend>${pages.map(([value, name]) => html`
        <label><input type="radio" name="page" value=${value} .checked=${value === page} data-testid="inside-${value}" @change=${() => (this.page = value)}><span>${name()}</span></label>`)}</fieldset>
      ${page === "activations" && layers.length ? html`<label class="field"><span>${word("layer")}</span><select data-testid="inside-layer" @change=${(event: Event) => (this.layer = (event.target as HTMLSelectElement).value)}>
        ${layers.map((one) => html`<option value=${one.name} ?selected=${one.name === layer}>${one.name} (${one.channels} × ${one.rows} × ${one.columns})</option>`)}</select></label>` : nothing}</div>
      <iframe sandbox="allow-scripts" src="/inside/${page}?${asked}" title=${PAGES.find(([one]) => one === page)![1]()} data-testid="inside"></iframe>`;
  }
}

const shownPage = (wanted: Page, offered: [Page, unknown][]): Page => (offered.some(([one]) => one === wanted) ? wanted : offered[0][0]);

customElements.define("seewhy-inside", InsideView);
