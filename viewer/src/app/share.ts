// This state as a link, as calls, as a report.
import { css, html, lang, nothing, shared, word } from "../viewer";
import { Following } from "./following";

export class Share extends Following {
  static override properties = { ...Following.properties, done: { state: true } };
  static override styles = [shared, css`
    :host { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 14px; align-items: center; }
    a.small { font: inherit; font-size: 13.5px; line-height: 32px; height: 34px; padding: 0 12px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 9px; text-decoration: none; }
    a.small:hover { border-color: var(--accent); }
  `];
  declare done: string;

  override render() {
    const { session } = this, { results } = session, keys = results.map((one) => `key=${one.key}`).join("&");
    if (!results.length) return nothing;
    return html`<button type="button" class="small" data-testid="copy-link" @click=${() => this.copy(session.link)}>${word("copy_link")}</button>
      <button type="button" class="small" data-testid="copy-python" @click=${() => this.copy(all(results.map((one) => one.calls.python)))}>${word("copy_python")}</button>
      <button type="button" class="small" data-testid="copy-command" @click=${() => this.copy(all(results.map((one) => one.calls.command)))}>${word("copy_command")}</button>
      <a class="small" data-testid="report" href="/api/report?${keys}&lang=${lang()}" download="seewhy.html">${word("save_report")}</a>
      <span class="hint" role="status" data-testid="copied">${this.done}</span>`;
  }

  private async copy(text: string): Promise<void> {
    if (!text) return void (this.done = word("no_call"));
    try {
      await navigator.clipboard.writeText(text);
      this.done = word("copied");
    } catch {
      this.done = text; // a browser that lets no page copy: to be marked by hand
    }
    setTimeout(() => (this.done = ""), 4000);
  }
}

const all = (calls: (string | null)[]): string => [...new Set(calls.filter((one) => one !== null))].join("\n");

customElements.define("seewhy-share", Share);
