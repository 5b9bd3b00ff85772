// What the network said, and which classes are explained: clicked, or found by their names in both languages.
import { css, html, lang, nothing, predictions, said, shared, styled, word, amount } from "../viewer";
import type { Prediction } from "./api";
import { bare } from "./fitting";
import { Following } from "./following";

const MOST = 8; // of what is found

export class Classes extends Following {
  static override properties = { ...Following.properties, text: { state: true }, at: { state: true } };
  static override styles = [shared, css`
    :host { display: grid; gap: 12px; }
    button.class { display: block; width: calc(100% + 12px); text-align: left; font: inherit; color: inherit; background: none; border: 0; padding: 3px 6px; margin: 0 -6px; border-radius: 8px; cursor: pointer; }
    button.class:hover { background: var(--track); }
    button.class[aria-pressed="true"] { color: var(--accent); font-weight: 600; }
    button.class[aria-pressed="true"] i { background: var(--accent); }
    .predictions { gap: 5px; }
    .chosen { display: flex; flex-wrap: wrap; gap: 6px; }
    .chosen span { display: inline-flex; align-items: center; gap: 4px; padding: 2px 4px 2px 10px; border-radius: 99px; background: var(--accent-soft); color: var(--accent); font-size: 13px; max-width: 100%; overflow-wrap: anywhere; }
    .chosen button { font: inherit; border: 0; background: none; color: inherit; cursor: pointer; padding: 0 6px; border-radius: 99px; min-height: 24px; min-width: 24px; }
    .find { position: relative; }
    .find input { width: 100%; font: inherit; height: 36px; padding: 0 10px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 9px; }
    ul.found { position: absolute; z-index: 3; left: 0; right: 0; top: 40px; margin: 0; padding: 4px; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 30px #0003; }
    ul.found li { padding: 6px 8px; border-radius: 7px; cursor: pointer; display: flex; gap: 8px; justify-content: space-between; }
    ul.found li[aria-selected="true"] { background: var(--accent-soft); color: var(--accent); }
    ul.found small { color: var(--soft); }
  `];
  declare text: string;
  declare at: number;

  constructor() {
    super();
    Object.assign(this, { text: "", at: 0 });
  }

  override render() {
    const { session } = this, { targets } = session.state, texts = session.model?.texts;
    return html`${session.predictions ? this.said(session.predictions) : session.state.photo && !session.mute ? html`<p class="hint">${word("looking")}</p>` : nothing}
      <div class="chosen" role="group" aria-label=${word("explained_classes")} data-testid="targets">${targets.map((target) => html`
        <span>${this.named(target)}<button type="button" aria-label="${word("leave_out")}: ${this.named(target)}" ?hidden=${targets.length < 2 && !bare(session.model)} @click=${() => this.toggle(target)}>×</button></span>`)}</div>
      <div class="find">
        <input type="text" role="combobox" aria-expanded=${String(this.found.length > 0)} aria-controls="found" aria-autocomplete="list"
          aria-activedescendant=${this.found.length ? `found-${this.at}` : nothing} aria-label=${texts ? word("add_text") : word("find_class")}
          placeholder=${texts ? word("add_text") : word("find_class")} maxlength="200" autocomplete="off" spellcheck="false" data-testid="find"
          .value=${this.text} @input=${this.typed} @keydown=${this.key} @blur=${() => setTimeout(() => (this.text = texts ? this.text : ""), 150)}>
        <ul class="found" id="found" role="listbox" aria-label=${word("find_class")} ?hidden=${!this.found.length} data-testid="found">${this.found.map((index, i) => html`
          <li role="option" id="found-${i}" aria-selected=${String(i === this.at)} @pointerdown=${(event: Event) => this.pick(event, index)}>
            <span>${session.names[lang()][index]}</span><small>${lang() === "zh" ? session.names.en[index] : session.names.zh[index]} ${index}</small></li>`)}</ul>
      </div>`;
  }

  /** The likeliest classes, each a button. */
  private said(listed: readonly Prediction[]) {
    const { targets } = this.session.state;
    if (this.session.model?.texts) return predictions(listed, null);
    return html`<ol class="predictions" data-testid="predictions">${listed.map((one, i) => {
      const on = targets.includes(String(one.index)) || (i === 0 && targets.includes("top"));
      return html`<li><button type="button" class="class" aria-pressed=${String(on)} @click=${() => this.toggle(i === 0 && targets.includes("top") ? "top" : String(one.index))}>
        <div><span>${said(one.label)}</span><span>${amount(one)}</span></div>
        ${one.probability === undefined ? nothing : html`<p><i ${styled({ width: `${100 * one.probability}%` })}></i></p>`}</button></li>`;
    })}</ol>`;
  }

  private named(target: string): string {
    if (target === "top") return word("likeliest_class");
    return (!this.session.model?.texts && /^\d+$/.test(target) && this.session.names[lang()][Number(target)]) || target;
  }

  private toggle(target: string): void {
    const { targets } = this.session.state, without = targets.filter((one) => one !== target);
    if (without.length !== targets.length) return void ((without.length || bare(this.session.model)) && this.session.choose({ targets: without }));
    this.session.choose({ targets: [...targets, target] });
  }

  private get found(): number[] {
    const text = this.text.trim().toLowerCase(), { en, zh } = this.session.names;
    if (!text || this.session.model?.texts) return [];
    const rank = (index: number) => Math.min(...[en[index] ?? "", zh[index] ?? ""].map((name) => {
      const at = name.toLowerCase().indexOf(text);
      return at < 0 ? Infinity : at === 0 ? 0 : /\W/.test(name[at - 1]) ? 1 : 2;
    }), String(index) === text ? -1 : Infinity);
    const all = [...en.keys()].map((index) => [rank(index), index]).filter(([place]) => place < Infinity);
    return all.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, MOST).map(([, index]) => index);
  }

  private typed(event: Event): void {
    this.text = (event.target as HTMLInputElement).value;
    this.at = 0;
  }

  private key(event: KeyboardEvent): void {
    const { found } = this, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.text = "";
    else if (step && found.length) this.at = (this.at + step + found.length) % found.length;
    else if (event.key === "Enter" && found.length) this.pick(event, found[this.at]);
    else if (event.key === "Enter" && this.text.trim() && (this.session.model?.texts || this.text.includes(" - "))) this.take(event);
    else return;
    event.preventDefault();
  }

  private pick(event: Event, index: number): void {
    event.preventDefault();
    this.text = "";
    if (!this.session.state.targets.includes(String(index))) this.toggle(String(index));
  }

  /** A text of one's own, or a contrast "this - other". */
  private take(event: Event): void {
    event.preventDefault();
    const target = this.text.trim();
    this.text = "";
    if (!this.session.state.targets.includes(target)) this.toggle(target);
  }
}

customElements.define("seewhy-classes", Classes);
