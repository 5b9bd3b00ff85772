// A small picture of each map, to choose which are shown.
import { css, html, type PropertyValues } from "lit";
import { limitsOf, layerOf, peakOf, signOf } from "../layer";
import type { Field } from "../maps/field";
import { levels, look, paint, scratch } from "../maps/paint";
import { said } from "../said";
import type { Data } from "../types";
import type { View } from "../view";
import { shared, Speaking } from "./base";

const SIDE = 76; // pixels of the shorter side

const REST = 100; // milliseconds without a change before they are drawn: large maps first

const small = new WeakMap<Field, Uint16Array>(); // of photos of one shape

export class Chips extends Speaking {
  static override properties = { data: { attribute: false }, view: { attribute: false }, tables: { attribute: false }, chosen: { attribute: false } };
  static override styles = [shared, css`:host { display: block; }`];

  declare data: Data;
  declare view: View;
  declare tables: Record<string, Uint8Array>;
  declare chosen: readonly number[];
  private due = 0;

  override render() {
    return html`<div class="chips" role="group" data-testid="chips">${this.data.explanations.map((shown, index) => html`
      <button type="button" aria-pressed=${String(this.chosen.includes(index))} data-testid="chip-${index}" @click=${() => this.tell("choose", index)}>
        <canvas></canvas><span>${shown.method}<small>${said(shown.target)}</small>${said(shown.also) ? html`<small>${said(shown.also)}</small>` : ""}</span>
      </button>`)}</div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const view = changed.get("view") as View | undefined;
    if (!changed.has("data") && view && view.colors === this.view.colors && view.sign === this.view.sign && view.clip === this.view.clip) return;
    clearTimeout(this.due);
    this.due = window.setTimeout(() => this.renderRoot.querySelectorAll("canvas").forEach((canvas, index) => this.draw(canvas, index)), REST);
  }

  private draw(canvas: HTMLCanvasElement, index: number): void {
    const { photo } = this.data, shrink = SIDE / Math.min(photo.width, photo.height);
    const layer = layerOf(this.data.explanations[index], index), sign = signOf(layer, this.view);
    const [w, h] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * Math.min(shrink, (8 * SIDE) / Math.max(photo.width, photo.height)))));
    const { limit } = limitsOf(layer, sign, this.view.clip, photo);
    const colors = this.tables[this.view.colors] ?? this.tables[sign === "all" ? "bluewhitered" : "inferno"];
    const most = peakOf(layer, photo), image = scratch(w, h);
    if (!small.has(layer.field)) {
      const values = layer.field.over({ left: 0, top: 0, width: photo.width, height: photo.height }, w, h, false);
      small.set(layer.field, levels(values, most));
    }
    paint(image, small.get(layer.field)!, look({ sign, limit, colors, fade: false, threshold: 0 }, most));
    [canvas.width, canvas.height] = [w, h];
    canvas.getContext("2d")!.putImageData(image, 0, 0);
  }
}

customElements.define("seewhy-chips", Chips);
