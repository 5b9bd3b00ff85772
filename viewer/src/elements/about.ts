// What the network said of the photo, and how the map in hand was made.
import { css, html, nothing } from "lit";
import { styled } from "./styled";
import { said, word } from "../said";
import type { Prediction, Shown } from "../types";
import { shared, Speaking } from "./base";

export class About extends Speaking {
  static override properties = { shown: { attribute: false }, predictions: { type: Boolean } };
  static override styles = [shared, css`:host { display: grid; gap: 16px; } section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 16px 18px; }`];

  declare shown: Shown;
  declare predictions: boolean; // whether to list them

  constructor() {
    super();
    this.predictions = true;
  }

  override render() {
    const { shown } = this;
    return html`${this.predictions ? html`<section><h2>${word("predictions")}</h2>${predictions(shown.predictions, shown.explained)}</section>` : nothing}
      <section><h2>${word("how_made")}</h2><dl data-testid="details">${shown.details.map(([name, value]) => html`<dt>${said(name)}</dt><dd>${said(value)}</dd>`)}</dl>
        <ul class="notes" data-testid="notes" ?hidden=${!shown.notes.length}>${shown.notes.map((note) => html`<li>${said(note)}</li>`)}</ul></section>`;
  }
}

/** Classes with their probabilities as bars; a score is shown as it is: it has no whole to be a part of. */
export function predictions(listed: readonly Prediction[], explained: number | null) {
  return html`<ol class="predictions" data-testid="predictions">${listed.map((one) => {
    const sure = one.probability;
    return html`<li class=${one.index === explained ? "explained" : ""}><div><span>${said(one.label)}</span>
      ${one.similarity === undefined ? nothing : html`<em>${one.similarity.toFixed(3)}</em>`}
      <span>${amount(one)}</span></div>
      ${sure === undefined ? nothing : html`<p><i ${styled({ width: `${100 * sure}%` })}></i></p>`}</li>`;
  })}</ol>`;
}

export const amount = (one: Prediction): string =>
  one.probability === undefined ? String(+(one.score ?? 0).toPrecision(4)) : `${(100 * one.probability).toFixed(1)} %`;

customElements.define("seewhy-about", About);
