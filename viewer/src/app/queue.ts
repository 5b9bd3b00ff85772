// What is on its way: how far, how long still, and a way to end it.
import { css, html, nothing, shared, word } from "../viewer";
import type { Problem } from "./api";
import { Following } from "./following";
import { time } from "./methods";
import { ended, type Work } from "./work";

export class QueueList extends Following {
  static override styles = [shared, css`
    :host { display: block; }
    ul { list-style: none; margin: 0 0 14px; padding: 0; display: grid; gap: 8px; }
    li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 12px; align-items: center; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 8px 8px 8px 14px; }
    li.failed { border-color: var(--stamp); }
    progress { width: 100%; height: 6px; accent-color: var(--accent); }
    span small { color: var(--soft); margin-left: 8px; font-variant-numeric: tabular-nums; }
    .hint { margin: 2px 0 0; }
  `];

  override render() {
    const { works, wishes } = this.session, names = new Set(wishes.map(([name]) => name));
    const shown = [...works.all.values()].filter((work) => names.has(work.name) && (!ended(work) || work.state === "failed" || work.state === "cancelled"));
    return html`<ul aria-label=${word("queue")} data-testid="queue" ?hidden=${!shown.length}>${shown.map((work) => this.work(work))}</ul>
      <p class="hint" role="status" data-testid="status">${works.busy.length ? word("works_waiting", { count: works.busy.length }) : ""}</p>`;
  }

  private work(work: Work) {
    const { done, total, left, forward } = work.progress;
    const far = total ? `${Math.round((100 * (done ?? 0)) / total)} %` : forward ? word("forward_backward", { forward, backward: work.progress.backward ?? 0 }) : "";
    const rest = left ? word("time_left", { time: time(left) }) : "";
    const title = this.session.model?.methods.find((one) => one.id === work.method)?.title ?? work.method;
    const place = work.state === "waiting" || work.state === "asking" ? word("waiting_behind", { count: work.before }) : "";
    return html`<li class=${work.state} data-testid="work-${work.method}">
      <span><b>${title}</b>${work.trouble ? nothing : html`<small>${[place, far, rest, work.state === "cancelled" ? word("cancelled") : ""].filter(Boolean).join(" · ")}</small>`}
        ${work.trouble ? html`<p class="hint" role="alert">${trouble(work.trouble)}</p>` : nothing}</span>
      ${ended(work) ? html`<button type="button" class="small" data-testid="again-${work.method}" @click=${() => this.session.again()}>${word("again")}</button>`
        : html`<button type="button" class="small" data-testid="cancel-${work.method}" @click=${() => this.session.works.cancel(work)}>${word("cancel")}</button>`}
      ${ended(work) ? nothing : total ? html`<progress max=${total} value=${done ?? 0} aria-label=${title}></progress>` : html`<progress aria-label=${title}></progress>`}
    </li>`;
  }
}

/** What went wrong, and what may help. */
export const trouble = (one: Problem): string =>
  one.code === "away" ? word("server_away") : one.code === "unknown_photo" ? word("photo_gone", { name: one.problem }) : [one.problem, one.hint].filter(Boolean).join(": ");

customElements.define("seewhy-queue", QueueList);
