// Deletion and insertion curves of a map, beside those of the map moved by chance.
import { css, html, nothing, shared, svg, word } from "../viewer";
import { api, type Curve } from "./api";
import { Following } from "./following";

const WIDE = 300, TALL = 150, EDGE = 4;

interface Curves {
  deletion: Curve & { random?: number[]; random_area?: number };
  insertion: Curve & { random?: number[]; random_area?: number };
}

export class CurvesView extends Following {
  static override properties = { ...Following.properties, key: {}, fill: {}, found: { state: true }, asked: { state: true } };
  static override styles = [shared, css`
    :host { display: block; }
    .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 14px; }
    figure { margin: 0; }
    figcaption { font-size: 13.5px; display: flex; justify-content: space-between; gap: 8px; }
    figcaption small { color: var(--soft); font-variant-numeric: tabular-nums; }
    svg { width: 100%; height: auto; display: block; background: var(--track); border-radius: 8px; }
    polyline { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
    polyline.random { stroke: var(--soft); stroke-dasharray: 4 4; stroke-width: 1.5; }
  `];
  declare key: string;
  declare fill: string;
  declare found: Curves | null;
  declare asked: string;

  constructor() {
    super();
    Object.assign(this, { found: null, asked: "" });
  }

  override render() {
    const wanted = `${this.key} ${this.fill}`;
    if (this.asked !== wanted) return html`<button type="button" class="small" data-testid="curves" @click=${() => this.ask(wanted)}>${word("draw_curves")}</button>`;
    if (!this.found) return html`<p class="hint" role="status">${word("drawing_curves")}</p>`;
    return html`<div class="curves">${this.curve(word("deletion"), this.found.deletion)}${this.curve(word("insertion"), this.found.insertion)}</div>
      <p class="hint">${word("curves_hint")}</p>`;
  }

  private curve(title: string, curve: Curves["deletion"]) {
    const top = Math.max(...curve.values, ...(curve.random ?? []), 1e-9), area = word("area", { area: curve.area.toFixed(3) });
    const by = curve.random_area === undefined ? "" : `, ${word("by_chance", { area: curve.random_area.toFixed(3) })}`;
    const line = (values: readonly number[]) => values.map((value, i) => `${(EDGE + (WIDE - 2 * EDGE) * curve.shares[i]).toFixed(1)},${(TALL - EDGE - (TALL - 2 * EDGE) * (value / top)).toFixed(1)}`).join(" ");
    return html`<figure><figcaption><b>${title}</b><small data-testid="area-${title}">${area}${by}</small></figcaption>
      <svg viewBox="0 0 ${WIDE} ${TALL}" role="img" aria-label="${title}: ${area}${by}">
        ${curve.random ? svg`<polyline class="random" points=${line(curve.random)}></polyline>` : nothing}
        ${svg`<polyline points=${line(curve.values)}></polyline>`}</svg></figure>`;
  }

  private async ask(wanted: string): Promise<void> {
    Object.assign(this, { asked: wanted, found: null });
    try {
      const found = await api.curves(this.key, this.fill);
      if (this.asked === wanted) this.found = found;
    } catch (error) {
      this.asked = "";
      this.session.failed(error);
    }
  }
}

customElements.define("seewhy-curves", CurvesView);
