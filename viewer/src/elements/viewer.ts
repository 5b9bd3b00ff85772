// The viewer: maps of one photo, and all ways of looking at them. Pages, reports and notebooks hold this one.
import { css, html, nothing, type PropertyValues } from "lit";
import { layersOf, scaleOf, type Layer } from "../layer";
import { bytes } from "../maps/decode";
import { word } from "../said";
import type { Data } from "../types";
import { PLAIN, type View } from "../view";
import { shared, Speaking } from "./base";
import { styled } from "./styled";
import "./about";
import "./bar";
import "./chips";
import "./tile";
import type { Tile } from "./tile";

export class Viewer extends Speaking {
  static override properties = {
    data: { attribute: false }, view: { attribute: false }, at: { attribute: false }, current: { type: Number },
    chosen: { attribute: false }, bare: { type: Boolean }, columns: { type: Number },
  };
  static override styles = [shared, css`
    :host { display: block; }
    main { margin: 0; }
    .stage { margin-top: 16px; }
    @media (min-width: 900px) { .stage.beside.grid { grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); } }
    main.bare { grid-template-columns: minmax(0, 1fr); }
    seewhy-tile.current::part(tile) { border-color: var(--accent); }
    @media print {
      seewhy-bar, seewhy-chips { display: none; }
      .stage, .stage.beside { grid-template-columns: 1fr 1fr; }
      seewhy-tile { break-inside: avoid; }
      main { display: block; }
    }
  `];

  declare data: Data;
  declare view: View;
  declare at: [number, number] | null;
  declare current: number;
  declare chosen: number[] | null; // those side by side; null: all
  declare columns: number; // of the grid where it is wide enough; 0: as many as fit
  declare bare: boolean; // without predictions and details beside
  private tables: Record<string, Uint8Array> = {};
  private layers: Layer[] = [];
  private printed?: View; // how it was looked at before

  constructor() {
    super();
    Object.assign(this, { view: { ...PLAIN }, at: null, current: 0, chosen: null, bare: false, columns: 0 });
    this.addEventListener("look", (event) => this.look((event as CustomEvent<View>).detail));
    this.addEventListener("point", (event) => (this.at = (event as CustomEvent<[number, number]>).detail));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("beforeprint", this.whole);
    addEventListener("afterprint", this.restored);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeprint", this.whole);
    removeEventListener("afterprint", this.restored);
  }

  /** On paper all maps are seen: there is nothing to click. */
  private readonly whole = (): void => {
    this.printed = this.view;
    this.view = { ...this.view, beside: true };
    this.performUpdate();
    for (const tile of this.renderRoot.querySelectorAll<Tile>("seewhy-tile")) tile.now();
  };

  private readonly restored = (): void => {
    this.view = this.printed ?? this.view;
    this.printed = undefined;
  };

  /** The value of a map at a pixel of the photo: what `Explanation.heatmap()` has there. */
  valueAt(x: number, y: number, index = this.current): number {
    return layersOf(this.data, { ...PLAIN }, [index])[0].field.at(x, y);
  }

  private get shownOnes(): number[] {
    const all = [...this.data.explanations.keys()];
    return this.view.beside ? all.filter((index) => this.chosen?.includes(index) ?? true) : [this.current];
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!this.data) return;
    if (changed.has("data")) {
      this.tables = Object.fromEntries(Object.entries(this.data.tables).map(([name, text]) => [name, bytes(text)]));
      this.current = Math.min(this.current, Math.max(this.data.explanations.length - 1, 0));
    }
    if (!changed.has("at") || changed.size > 1) this.layers = layersOf(this.data, this.view, this.shownOnes);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("current") || changed.has("data")) this.tell("described", this.data?.explanations[this.current]);
  }

  private look(view: View): void {
    if (view.combine !== "none" && view.combine !== this.view.combine) view = { ...view, beside: true };
    this.view = view;
  }

  private choose(event: CustomEvent<number>): void {
    const index = event.detail, shown = this.shownOnes;
    if (!this.view.beside) return void (this.current = index);
    const removed = shown.includes(index) && shown.length > 1;
    this.chosen = removed ? shown.filter((one) => one !== index) : [...shown, index].sort((a, b) => a - b);
    this.current = removed ? this.chosen[0] : index;
  }

  override render() {
    const { data, view, layers, tables } = this;
    if (!data?.explanations.length) return nothing;
    const beside = layers.length > 1;
    return html`<main class=${this.bare ? "bare" : ""} data-testid="app"><section class="work">
      <seewhy-bar .view=${view} .tables=${tables} count=${data.explanations.length} ?language=${!this.bare}></seewhy-bar>
      ${data.explanations.length > 1 ? html`<seewhy-chips .data=${data} .view=${view} .tables=${tables} .chosen=${this.shownOnes} @choose=${this.choose}></seewhy-chips>` : nothing}
      <div class="stage ${beside ? "beside" : ""} ${beside && this.columns ? "grid" : ""}" data-testid="stage" ${styled({ "--columns": String(this.columns) })}>${layers.map((layer) => html`
        <seewhy-tile class=${layer.index === this.current && beside ? "current" : ""} data-testid="tile-${layer.index < 0 ? "combined" : layer.index}"
          .layer=${layer} .photo=${data.photo} .view=${view} .scale=${scaleOf(layer, layers, view, data.photo)} .tables=${tables} .at=${this.at}
          @pointerdown=${() => this.hold(layer)} @focusin=${() => this.hold(layer)}></seewhy-tile>`)}</div>
      <p class="hint">${word("hover_hint")} ${word("keys_hint")} ${word("zoom_hint")}</p></section>
      ${this.bare ? nothing : html`<aside><seewhy-about .shown=${data.explanations[this.current]}></seewhy-about></aside>`}</main>`;
  }

  private hold(layer: Layer): void {
    if (layer.index >= 0) this.current = layer.index;
  }
}

customElements.define("seewhy-viewer", Viewer);
