// A method's card: what it answers, what it costs, when it misleads, its paper; and its options.
import { css, html, nothing, shared, word } from "../viewer";
import type { Method, Option } from "./api";
import { Following } from "./following";

export class CardDialog extends Following {
  static override properties = { ...Following.properties, method: { state: true } };
  static override styles = [shared, css`
    dialog { width: min(640px, calc(100vw - 24px)); max-height: calc(100vh - 40px); padding: 22px 24px; border: 1px solid var(--line); border-radius: 16px; background: var(--card); color: var(--ink); box-shadow: 0 20px 60px #0005; }
    dialog::backdrop { background: #0007; }
    h3 { margin: 0 0 4px; font-size: 21px; font-weight: 650; }
    h4 { margin: 16px 0 2px; font-size: 12.5px; color: var(--soft); font-weight: 600; }
    p { margin: 0; }
    form { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 10px 16px; margin-top: 6px; }
    form .field span { overflow-wrap: anywhere; }
    form input[type="text"] { font: inherit; height: 34px; padding: 0 10px; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 9px; width: 100%; }
    form select { max-width: none; width: 100%; }
    form small { color: var(--soft); }
    .end { display: flex; gap: 10px; justify-content: end; margin-top: 20px; }
    a { color: var(--accent); overflow-wrap: anywhere; }
    .why { color: var(--stamp); }
    @media (max-width: 560px) { form { grid-template-columns: minmax(0, 1fr); } }
  `];
  declare method: Method | null;

  constructor() {
    super();
    this.method = null;
  }

  show(method: Method): void {
    this.method = method;
    if (!this.session.cards) void this.session.describe();
    void this.updateComplete.then(() => this.renderRoot.querySelector("dialog")!.showModal());
  }

  override render() {
    const { session } = this, method = session.model?.methods.find((one) => one.id === this.method?.id) ?? this.method; // in the language of now
    if (!this.method || !method) return nothing;
    const card = session.cards?.[method.id], options = session.state.methods.find((one) => one.id === method.id)?.options ?? {};
    return html`<dialog aria-labelledby="card-title" data-testid="card" @close=${() => (this.method = null)}>
      <h3 id="card-title">${method.title}</h3><p class="hint">${card?.summary ?? method.summary}</p>
      ${method.offered ? nothing : html`<p class="why">${method.reason}</p>`}
      ${card ? html`${part(word("card_answers"), card.answers)}${part(word("card_use"), card.use)}${part(word("card_misleads"), card.misleads)}` : nothing}
      ${part(word("card_cost"), card?.cost ?? method.cost)}
      ${card ? html`<h4>${word("card_paper")}</h4><p><a href=${card.link} target="_blank" rel="noreferrer">${card.paper}</a></p>` : nothing}
      ${method.offered && method.options.length ? html`<h4>${word("options")}</h4><form @submit=${this.run}>${method.options.map((one) => this.option(one, options[one.name]))}
        <button hidden></button></form>` : nothing}
      <div class="end">${method.offered ? html`<button type="button" class="small" data-testid="run-card" @click=${this.run}>${word("explain_with_these")}</button>` : nothing}
        <button type="button" class="small" data-testid="close-card" @click=${this.close}>${word("close")}</button></div>
    </dialog>`;
  }

  private option(one: Option, value: string | undefined) {
    const shown = value ?? "", plain = one.default === null ? word("automatic") : String(one.default);
    const choices = one.choices ?? (typeof one.default === "boolean" ? ["true", "false"] : null);
    return html`<label class="field"><span>${one.name}</span>
      ${choices ? html`<select name=${one.name}><option value="" ?selected=${!shown}>${plain}</option>${choices.filter((choice) => choice !== plain).map((choice) => html`<option value=${choice} ?selected=${choice === shown}>${choice}</option>`)}</select>`
        : html`<input type="text" name=${one.name} .value=${shown} placeholder=${plain} autocomplete="off">`}
      <small>${one.help}</small></label>`;
  }

  private run(event: Event): void {
    event.preventDefault();
    const form = this.renderRoot.querySelector("form"), pairs = form ? [...new FormData(form)].filter(([, value]) => value !== "") : [];
    const { id } = this.method!, others = this.session.state.methods.filter((one) => one.id !== id);
    this.close();
    this.session.choose({ methods: [...others, { id, options: Object.fromEntries(pairs.map(([name, value]) => [name, String(value)])) }] });
  }

  private close(): void {
    this.renderRoot.querySelector("dialog")!.close();
  }
}

const part = (title: string, text: string) => html`<h4>${title}</h4><p>${text}</p>`;

customElements.define("seewhy-card", CardDialog);
