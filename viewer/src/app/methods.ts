// The methods: which are asked for, what they cost, why some are not offered, and their options.
import { css, html, nothing, shared, word } from "../viewer";
import type { Asked, Method } from "./api";
import "./card";
import type { CardDialog } from "./card";
import { Following } from "./following";

const FAMILY: Record<string, () => string> = {
  cam: () => word("family_cam"), gradient: () => word("family_gradient"), perturbation: () => word("family_perturbation"), attention: () => word("family_attention"),
};

export class Methods extends Following {
  static override properties = { ...Following.properties, text: { state: true } };
  static override styles = [shared, css`
    :host { display: block; }
    details { border-top: 1px solid var(--line); }
    summary { cursor: pointer; padding: 8px 0; font-weight: 600; font-size: 13.5px; }
    summary small { color: var(--soft); font-weight: 400; }
    ul { list-style: none; margin: 0 0 8px; padding: 0; }
    li { display: flex; align-items: center; gap: 4px; }
    label { flex: 1; display: flex; gap: 8px; align-items: center; min-height: 30px; cursor: pointer; min-width: 0; overflow-wrap: anywhere; line-height: 1.25; }
    label input { flex: none; width: 16px; height: 16px; margin: 0; accent-color: var(--accent); }
    li.refused label { color: var(--soft); cursor: default; }
    li small { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
    button.about { font: inherit; flex: none; width: 28px; height: 28px; border: 0; border-radius: 99px; background: none; color: var(--soft); cursor: pointer; }
    button.about:hover { background: var(--track); color: var(--ink); }
    input[type="search"] { width: 100%; font: inherit; height: 34px; padding: 0 10px; margin-bottom: 8px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 9px; }
    .layer { padding: 8px 0 12px; border-top: 1px solid var(--line); }
    .layer input { width: 100%; }
  `];
  declare text: string;
  private readonly looked = new Set<string>(); // families that were opened

  constructor() {
    super();
    this.text = "";
  }

  override render() {
    const { session } = this, all = session.model?.methods ?? [], text = this.text.trim().toLowerCase();
    const fits = (one: Method) => !text || `${one.id} ${one.title}`.toLowerCase().includes(text);
    const families = [...new Set(all.map((one) => one.family))].sort((a, b) => order(a) - order(b));
    return html`<input type="search" aria-label=${word("find_method")} placeholder=${word("find_method")} data-testid="find-method" .value=${this.text}
        @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)}>
      ${this.layerSlider()}
      ${families.map((family) => this.family(family, all.filter((one) => one.family === family && fits(one)), Boolean(text)))}
      <seewhy-card .session=${session}></seewhy-card>`;
  }

  private family(name: string, methods: readonly Method[], found: boolean) {
    const { state } = this.session, on = methods.filter((one) => state.methods.some((asked) => asked.id === one.id)).length;
    if (!methods.length) return nothing;
    const open = found || on > 0 || name === "cam";
    return html`<details ?open=${open} data-testid="family-${name}" @toggle=${(event: Event) => this.opened(name, event)}><summary>${FAMILY[name]?.() ?? name} <small>${on ? `${on} / ` : ""}${methods.length}</small></summary>
      ${open || this.looked.has(name) ? html`<ul>${methods.map((one) => this.method(one))}</ul>` : nothing}</details>`;
  }

  private opened(name: string, event: Event): void {
    if ((event.target as HTMLDetailsElement).open) this.looked.add(name);
    this.requestUpdate();
  }

  private method(one: Method) {
    const { session } = this, asked = session.state.methods.filter((other) => other.id === one.id), cost = session.costs.get(one.id);
    return html`<li class=${one.offered ? "" : "refused"}><label title=${one.offered ? one.summary : one.reason}>
        <input type="checkbox" .checked=${asked.length > 0} ?disabled=${!one.offered} data-testid="method-${one.id}" @change=${(event: Event) => this.toggle(one, (event.target as HTMLInputElement).checked)}>
        <span>${one.title}</span></label>
      ${one.offered ? html`<small title=${one.cost} data-testid="cost-${one.id}">${cost?.seconds == null ? "" : `≈ ${time(cost.seconds)}`}</small>` : html`<small>${word("refused")}</small>`}
      <button type="button" class="about" aria-label="${word("about_method", { name: one.title })}" data-testid="about-${one.id}" @click=${() => this.about(one)}>ⓘ</button></li>`;
  }

  /** All maps of layers at another layer. */
  private layerSlider() {
    const { session } = this, { layers } = session, chosen = session.state.methods.filter((one) => this.reads(one));
    if (layers.length < 2 || !chosen.length) return nothing;
    const name = chosen[0].options.layer, at = name ? layers.findIndex((one) => one.name === name) : layers.findIndex((one) => one.default);
    const here = layers[at < 0 ? layers.length - 1 : at];
    return html`<div class="layer"><label class="field"><span>${word("layer")}: <output data-testid="layer-name">${here.name} (${here.rows} × ${here.columns})</output></span></label>
      <input type="range" min="0" max=${layers.length - 1} step="1" .value=${String(at < 0 ? layers.length - 1 : at)} aria-label=${word("layer")} aria-valuetext="${here.name}, ${here.rows} × ${here.columns}"
        data-testid="layer" @change=${(event: Event) => this.layer((event.target as HTMLInputElement).valueAsNumber)}></div>`;
  }

  private reads(asked: Asked): boolean {
    const method = this.session.model?.methods.find((one) => one.id === asked.id);
    return method?.family === "cam" && method.options.some((one) => one.name === "layer");
  }

  private layer(at: number): void {
    const chosen = this.session.layers[at], methods = this.session.state.methods.map((one) => {
      if (!this.reads(one)) return one;
      const { layer: _before, ...rest } = one.options;
      return { ...one, options: chosen.default ? rest : { ...rest, layer: chosen.name } };
    });
    this.session.choose({ methods });
  }

  private toggle(one: Method, on: boolean): void {
    const others = this.session.state.methods.filter((other) => other.id !== one.id);
    this.session.choose({ methods: on ? [...others, { id: one.id, options: {} }] : others });
  }

  private about(one: Method): void {
    this.renderRoot.querySelector<CardDialog>("seewhy-card")!.show(one);
  }
}

const order = (family: string): number => ["cam", "attention", "gradient", "perturbation"].indexOf(family);

/** Seconds as they are read. */
export const time = (seconds: number): string =>
  seconds < 0.95 ? `${Math.max(seconds, 0.01).toFixed(seconds < 0.095 ? 2 : 1)} s` : seconds < 99.5 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

customElements.define("seewhy-methods", Methods);
