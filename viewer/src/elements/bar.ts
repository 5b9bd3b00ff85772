// How to look at the maps: all its controls.
import { css, html, nothing } from "lit";
import { SIGNS, type Sign } from "../maps/scale";
import { lang, speak, word, type Lang } from "../said";
import { PLAIN, zoomed, type View } from "../view";
import { shared, Speaking } from "./base";

const SHOWN: [View["show"], () => string][] = [
  ["both", () => word("overlay")], ["heat", () => word("heat_map")], ["photo", () => word("photo")], ["swipe", () => word("swipe")],
];
const SIGN: Record<Sign, () => string> = {
  all: () => word("sign_all"), positive: () => word("sign_positive"), negative: () => word("sign_negative"), absolute: () => word("sign_absolute"),
};

const other = (): Lang => (lang() === "en" ? "zh" : "en");

export class Bar extends Speaking {
  static override properties = { view: { attribute: false }, tables: { attribute: false }, count: { type: Number }, language: { type: Boolean }, more: { state: true } };
  static override styles = [shared, css`
    :host { display: block; }
    details { flex-basis: 100%; }
    summary { cursor: pointer; color: var(--soft); font-size: 13px; width: fit-content; padding: 4px 0; }
    details .row { display: flex; flex-wrap: wrap; gap: 14px 22px; align-items: end; padding-top: 10px; }
    .zoom { display: flex; gap: 4px; align-items: center; }
    .zoom button { width: 34px; padding: 0; }
    .zoom output { min-width: 3.4em; text-align: center; font-variant-numeric: tabular-nums; font-size: 13px; color: var(--soft); }
  `];

  declare view: View;
  declare tables: Record<string, Uint8Array>;
  declare count: number; // of maps
  declare language: boolean; // whether to offer the other one
  declare more: boolean; // once all of it was asked for

  constructor() {
    super();
    this.more = false;
  }

  override render() {
    const { view, count } = this, mixed = view.show === "both" || view.show === "swipe";
    return html`<form class="bar" data-testid="controls" @input=${this.change} @submit=${(event: Event) => event.preventDefault()}>
      <fieldset class="segments" data-testid="view"><legend>${word("show")}</legend>${SHOWN.map(([value, name]) => html`
        <label><input type="radio" name="show" value=${value} .checked=${view.show === value}><span>${name()}</span></label>`)}
      </fieldset>
      ${this.slide("opacity", word("opacity"), 0, 100, 1, !mixed)}
      <label class="field"><span>${word("color_map")}</span><select name="colors" data-testid="colors">
        ${this.choice("auto", word("automatic"), view.colors)}${Object.keys(this.tables).map((name) =>
          this.choice(name, name === "jet" ? word("hides_structure", { name }) : name, view.colors))}</select></label>
      <label class="field"><span>${word("sign")}</span><select name="sign" data-testid="sign">
        ${this.choice("auto", word("as_published"), view.sign)}${SIGNS.map((sign) => this.choice(sign, SIGN[sign](), view.sign))}</select></label>
      ${count > 1 ? html`${this.check("beside", word("side_by_side"))}
        <label class="field"><span>${word("combine")}</span><select name="combine" data-testid="combine">
          ${this.choice("none", word("combine_none"), view.combine)}${this.choice("difference", word("difference_of_first_two"), view.combine)}
          ${this.choice("agreement", word("agreement"), view.combine)}</select></label>` : nothing}
      <details data-testid="more" @toggle=${this.unfold}><summary>${word("more_controls")}</summary>${this.more ? this.rest() : nothing}</details>
    </form>`;
  }

  /** What is seldom asked for is made when it is. */
  private rest() {
    const { view, count } = this, mixed = view.show === "both" || view.show === "swipe";
    return html`<div class="row">
        ${this.slide("threshold", word("threshold"), 0, 95, 1, view.show === "photo")}
        ${this.slide("clip", word("clipping"), 0, 20, 0.5, view.show === "photo")}
        <label class="field"><span>${word("texture")}</span><select name="texture" data-testid="texture">
          ${this.choice("smooth", word("texture_smooth"), view.texture)}${this.choice("blocks", word("texture_blocks"), view.texture)}</select></label>
        ${this.check("contour", word("contour"))}
        ${this.check("fade", word("fade_weak"), !mixed)}
        ${count > 1 ? this.check("shared", word("shared_scale")) : nothing}
        <div class="field"><span id="zoom">${word("zoom")}</span><div class="zoom" role="group" aria-labelledby="zoom">
          <button type="button" class="small" aria-label=${word("tree_out")} @click=${() => this.zoom(view.zoom / 1.5)}>−</button>
          <output data-testid="zoom">${Math.round(100 * view.zoom)} %</output>
          <button type="button" class="small" aria-label=${word("tree_in")} data-testid="zoom-in" @click=${() => this.zoom(view.zoom * 1.5)}>+</button></div></div>
        <button type="button" class="small" data-testid="plain" @click=${() => this.tell("look", { ...PLAIN, beside: view.beside })}>${word("as_before")}</button>
        ${this.language ? html`<button type="button" class="small" data-testid="language" lang=${other()} @click=${() => speak(other())}>${other() === "zh" ? "中文" : "English"}</button>` : nothing}
      </div>`;
  }

  private unfold(event: Event): void {
    this.more ||= (event.target as HTMLDetailsElement).open;
  }

  private slide(name: "opacity" | "threshold" | "clip", label: string, low: number, high: number, step: number, off: boolean) {
    return html`<label class="field slide"><span>${label} <output data-testid="${name}-value">${this.view[name]} %</output></span>
      <input type="range" name=${name} min=${low} max=${high} step=${step} .value=${String(this.view[name])} ?disabled=${off} data-testid=${name}></label>`;
  }

  private check(name: "beside" | "contour" | "fade" | "shared", label: string, off = false) {
    return html`<label class="check"><input type="checkbox" name=${name} .checked=${this.view[name]} ?disabled=${off} data-testid=${name}><span>${label}</span></label>`;
  }

  private choice(value: string, label: string, chosen: string) {
    return html`<option value=${value} ?selected=${value === chosen}>${label}</option>`;
  }

  private change(event: Event): void {
    const input = event.target as HTMLInputElement, name = input.name as keyof View;
    const value = input.type === "checkbox" ? input.checked : input.type === "range" ? input.valueAsNumber : input.value;
    this.tell("look", { ...this.view, [name]: value });
  }

  private zoom(times: number): void {
    this.tell("look", zoomed(this.view, times));
  }
}

customElements.define("seewhy-bar", Bar);
