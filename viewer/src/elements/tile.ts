// One panel: the photo, a map on it, its numbers.
import { css, html, nothing, type PropertyValues } from "lit";
import { styled } from "./styled";
import { peakOf, signOf, type Layer } from "../layer";
import { MapField } from "../maps/field";
import { contour, levels, look, paint, paintScale, scratch, type Style } from "../maps/paint";
import { peak, rowOf, short, type Limits } from "../maps/scale";
import { said, word } from "../said";
import type { Picture, Shown } from "../types";
import { seen, type View } from "../view";
import { shared, Speaking } from "./base";
import { Gestures } from "./gestures";

const PARTS = [0.25, 0.5, 0.75]; // of the strongest colour, where contours run
const MOST = 1000; // pixels of a canvas's longer side

export class Tile extends Speaking {
  static override properties = {
    layer: { attribute: false }, photo: { attribute: false }, view: { attribute: false }, scale: { attribute: false },
    tables: { attribute: false }, at: { attribute: false },
  };
  static override styles = [shared, css`
    :host { display: block; min-width: 0; }
    .tile { height: 100%; }
    .view img { transform-origin: 0 0; }
    .took { margin: 8px 0 0; color: var(--soft); font-size: 12px; text-align: center; font-variant-numeric: tabular-nums; }
    .view.close { touch-action: none; }
    .divider { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: #fff; box-shadow: 0 0 0 1px #0008; pointer-events: none; }
    .busy { position: absolute; top: 8px; left: 8px; padding: 2px 10px; border-radius: 99px; background: #000c; color: #fff; font-size: 12px; }
  `];

  declare layer: Layer;
  declare photo: Picture;
  declare view: View;
  declare scale: Limits;
  declare tables: Record<string, Uint8Array>;
  declare at: [number, number] | null;
  private size = { w: 0, h: 0 };
  private found?: { key: string; field: unknown; levels: Uint16Array; peak: number; drawn: string };
  private watch?: ResizeObserver;
  private gestures = new Gestures(this);

  private get colors(): Uint8Array {
    const auto = signOf(this.layer, this.view) === "all" ? "bluewhitered" : "inferno";
    return this.tables[this.view.colors] ?? this.tables[auto];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watch = new ResizeObserver(([{ contentRect: { width, height } }]) => this.fit(width, height));
    if (this.hasUpdated) this.watch.observe(this.renderRoot.querySelector(".view")!);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watch?.disconnect();
  }

  protected override firstUpdated(): void {
    const view = this.renderRoot.querySelector<HTMLElement>(".view")!;
    this.watch!.observe(view);
    this.gestures.listen(view);
  }

  /** Drawn without waiting for the next frame. */
  now(): void {
    this.performUpdate();
    const { width, height } = this.renderRoot.querySelector(".view")!.getBoundingClientRect();
    this.fit(width, height);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.size === 1 && changed.has("at")) return;
    this.paint();
    this.bar();
  }

  override render() {
    const { layer, photo, view, scale } = this, id = layer.index < 0 ? "combined" : layer.index;
    const sign = signOf(layer, view), area = seen(view, photo.width, photo.height), heat = view.show === "heat";
    const shift = `scale(${view.zoom}) translate(${(-100 * area.left) / photo.width}%, ${(-100 * area.top) / photo.height}%)`;
    const classes = `view${view.zoom > 1 ? " close" : ""}`, name = [layer.title, ...layer.subtitles.slice(0, 2)].join(", ");
    return html`<figure class="tile" part="tile">
      <figcaption><b>${layer.title}</b>${layer.subtitles.map((one) => html`<span>${one}</span>`)}</figcaption>
      <div class=${classes} tabindex="0" role="application" aria-label="${name}. ${word("keys_hint")}"
        ${styled({ "--aspect": String(photo.width / photo.height) })} data-testid="view-${id}">
        <img src=${photo.src} alt=${photo.name} draggable="false"
          class=${view.show === "both" && sign === "all" && scale.limit ? "pale" : ""}
          ${styled({ transform: shift, opacity: heat && scale.limit ? "0.18" : "1" })}>
        <canvas data-testid="heat-${id}" ?hidden=${view.show === "photo"}
          ${styled({ opacity: heat ? "1" : String(view.opacity / 100), "clip-path": view.show === "swipe" ? `inset(0 0 0 ${view.swipe}%)` : "none" })}></canvas>
        ${layer.shown?.frame ? html`<div class="frame" ${styled(this.frame(layer.shown.frame))}></div>` : nothing}
        ${view.show === "swipe" ? html`<div class="divider" ${styled({ left: `${view.swipe}%` })}></div>` : nothing}
        ${this.cross()}
        <p class="blank" data-testid="blank-${id}" ?hidden=${Boolean(scale.limit)}>${blank(sign)}</p>
        ${layer.shown?.partial ? html`<span class="busy">${word("so_far")}</span>` : nothing}
      </div>
      <div class="scale" ?hidden=${!scale.limit || view.show === "photo"}>
        <div class="strip"><canvas class="bar-colors"></canvas>${this.mark(sign)}</div>
        <div class="ticks" data-testid="ticks-${id}">${this.ticks(sign)}</div>
        <p class="units">${[layer.units, this.clipped()].filter(Boolean).join("; ")}</p>
      </div>
      ${layer.shown?.seconds === undefined ? nothing : html`<p class="took" data-testid="took-${id}">${took(layer.shown)}</p>`}
      ${this.readout(String(id))}
      ${layer.shown?.words ? this.words(layer.shown.words, layer.index) : nothing}
    </figure>`;
  }

  private frame([left, top, right, bottom]: NonNullable<Shown["frame"]>): Record<string, string> {
    const [x, y] = this.percent(left, top), [r, b] = this.percent(right, bottom);
    return { left: `${x}%`, top: `${y}%`, width: `${r - x}%`, height: `${b - y}%` };
  }

  /** Where a place of the photo is in the panel. */
  private percent(x: number, y: number): [number, number] {
    const area = seen(this.view, this.photo.width, this.photo.height);
    return [(100 * (x - area.left)) / area.width, (100 * (y - area.top)) / area.height];
  }

  private cross() {
    if (!this.at) return nothing;
    const [left, top] = this.percent(this.at[0] + 0.5, this.at[1] + 0.5);
    const outside = [left, top].some((one) => one < 0 || one > 100);
    return outside ? nothing : html`<div class="cross" ${styled({ left: `${left}%`, top: `${top}%` })}></div>`;
  }

  private readout(id: string) {
    const { at, layer } = this;
    const value = at ? layer.field.at(...at) : NaN;
    const cell = at && layer.field instanceof MapField ? layer.field.cell(...at) : null;
    const [x, y] = at ?? [0, 0];
    return html`<p class="readout" aria-live="polite">
      <b data-testid="value-${id}" data-raw=${at ? String(value) : nothing}>${at ? (Number.isNaN(value) ? word("outside_view") : short(value)) : ""}</b>
      <span data-testid="where-${id}">${at ? word("pixel_at", { x, y }) : ""}</span>
      ${cell ? html`<span class="many">${word("row_and_column", { row: cell[0], column: cell[1] })}</span>` : nothing}
    </p>`;
  }

  private mark(sign: Style["sign"]) {
    const value = this.at ? this.layer.field.at(...this.at) : NaN, { limit } = this.scale;
    if (Number.isNaN(value) || !limit) return nothing;
    const part = Math.min(Math.max((sign === "negative" ? -value : sign === "absolute" ? Math.abs(value) : value) / limit, -1), 1);
    const left = sign === "all" ? 50 + 50 * part : 100 * Math.max(part, 0);
    return html`<i ${styled({ left: `${left}%` })}></i>`;
  }

  private ticks(sign: Style["sign"]) {
    const parts = sign === "all" ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1], top = this.scale.limit;
    return parts.map((part) => html`<span>${short(part * (sign === "negative" ? -top : top))}</span>`);
  }

  private clipped() {
    const { peak, limit } = this.scale;
    return peak > limit ? word("largest", { value: short(peak) }) : "";
  }

  private words({ title, listed, top }: NonNullable<Shown["words"]>, index: number) {
    const colors = this.tables.bluewhitered;
    return html`<p class="words" data-testid="words-${index}"><span>${said(title)}</span>${listed.map(([text, score]) => {
      const from = rowOf(top ? score / top : 0, "all"), [r, g, b] = colors.slice(from, from + 3);
      const ink = 0.3 * r + 0.59 * g + 0.11 * b < 128 ? "#fff" : "#1c1c21";
      return html`<b data-raw=${score} ${styled({ background: `rgb(${r} ${g} ${b})`, color: ink })}>${text}<small>${short(score)}</small></b>`;
    })}</p>`;
  }

  private bar(): void {
    const bar = this.renderRoot.querySelector<HTMLCanvasElement>(".bar-colors");
    if (bar && this.scale.limit) paintScale(bar, signOf(this.layer, this.view), this.colors);
  }

  /** Its size in pixels of the page. */
  private fit(width: number, height: number): void {
    if (!width) return;
    const ratio = Math.min(window.devicePixelRatio, MOST / Math.max(width, height));
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (w === this.size.w && h === this.size.h) return;
    this.size = { w, h };
    this.paint();
  }

  /** Levels anew where the place or the map changed; else only their colours. */
  private paint(): void {
    const { layer, photo, view, scale, size } = this, { w, h } = size;
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(".view > canvas");
    if (!canvas || !w || view.show === "photo") return;
    const sign = signOf(layer, view), key = [w, h, view.zoom, view.x, view.y, view.texture].join();
    if (this.found?.key !== key || this.found.field !== layer.field) {
      const area = seen(view, photo.width, photo.height);
      const values = layer.field.over(area, w, h, view.texture === "blocks");
      const most = Math.max(peak(values), peakOf(layer, photo));
      this.found = { key, field: layer.field, levels: levels(values, most), peak: most, drawn: "" };
    }
    const style: Style = {
      sign, limit: scale.limit, colors: this.colors, fade: view.fade && view.show !== "heat", threshold: view.threshold / 100,
    };
    const drawn = [sign, scale.limit, view.colors, style.fade, view.threshold, view.contour].join();
    if (this.found.drawn === drawn) return; // opacity, swipe and the like are the browser's
    this.found.drawn = drawn;
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const image = scratch(w, h);
    paint(image, this.found.levels, look(style, this.found.peak));
    if (view.contour) contour(image, this.found.levels, style, this.found.peak, PARTS);
    canvas.getContext("2d")!.putImageData(image, 0, 0);
  }
}

const took = ({ seconds, passes }: Shown): string =>
  [word("seconds", { seconds: seconds!.toFixed(2) }), passes ? word("forward_backward", { ...passes }) : ""].filter(Boolean).join(" \u00b7 ");

const blank = (sign: Style["sign"]): string =>
  sign === "positive" ? word("no_positive_evidence") : sign === "negative" ? word("no_negative_evidence") : word("score_never_moves");

customElements.define("seewhy-tile", Tile);
