// Explanations on their way: a job a method, each followed until it ends.
import { api, Refused, type Cell, type Found, type Job, type Kept, type Problem, type Shown, type Wish } from "./api";

export interface Progress {
  done?: number;
  total?: number;
  left?: number | null;
  forward?: number;
  backward?: number;
}

export interface Work {
  name: string; // of what is asked for
  method: string;
  job: string;
  state: Job["state"] | "asking";
  before: number;
  cells: Cell[];
  progress: Progress;
  trouble: Problem | null;
}

const STREAMS = 3; // at once: a browser has six connections to a server
const EVENTS = ["waiting", "running", "progress", "partial", "result", "done", "failed", "cancelled"] as const;

export class Works {
  readonly all = new Map<string, Work>();
  readonly found = new Map<string, Found>(); // by key
  readonly partial = new Map<string, Partial<Shown>>();
  private streams = new Map<string, EventSource>();

  /** idle: called once all that was asked for has ended. */
  constructor(private readonly changed: () => void, private readonly idle: () => void) {}

  get busy(): Work[] {
    return [...this.all.values()].filter((work) => !ended(work));
  }

  /** Ask for one method's explanations, unless they were asked for already. */
  async ask(name: string, wish: Wish): Promise<void> {
    const known = this.all.get(name);
    if (known && known.state !== "cancelled" && known.state !== "failed") return;
    const work = fresh(name, wish);
    this.all.set(name, work);
    this.changed();
    try {
      const job = await api.start(wish);
      if (ended(work)) { // cancelled meanwhile, and not asked for again
        if (this.all.get(name) === work) void api.cancel(job.id).catch(() => undefined);
        return;
      }
      Object.assign(work, { job: job.id, state: job.state, before: job.before, cells: job.cells });
      const ready = job.cells.filter((cell) => cell.ready);
      await Promise.all(ready.map((cell) => this.fetch(cell.key)));
      if (ready.length === job.cells.length) work.state = "done";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      Object.assign(work, { state: "failed", trouble: error.said });
    }
    this.changed();
    this.follow();
  }

  /** Take what is kept of what would be asked for. */
  take(wishes: readonly [name: string, wish: Wish][], { cells, results }: Kept): void {
    for (const one of results) this.found.set(one.key, one);
    const each = cells.length / wishes.length;
    wishes.forEach(([name, wish], i) => {
      const own = cells.slice(i * each, (i + 1) * each), whole = own.every(({ key }) => this.found.has(key));
      if (whole && !this.all.has(name)) this.all.set(name, { ...fresh(name, wish), state: "done", cells: own });
    });
    this.changed();
  }

  /** End what is no longer wanted. */
  only(names: ReadonlySet<string>): void {
    for (const [name, work] of this.all) if (!names.has(name) && !ended(work)) this.cancel(work);
  }

  cancel(work: Work): void {
    if (work.job) api.cancel(work.job).catch(() => undefined);
    this.end(work, "cancelled");
  }

  private async fetch(key: string): Promise<void> {
    if (!this.found.has(key)) this.found.set(key, await api.result(key));
    this.partial.delete(key);
  }

  private follow(): void {
    for (const work of this.busy) {
      if (this.streams.size >= STREAMS) return;
      if (work.job && !this.streams.has(work.job)) this.stream(work);
    }
  }

  private stream(work: Work): void {
    const source = new EventSource(`/api/jobs/${work.job}/events`);
    this.streams.set(work.job, source);
    for (const kind of EVENTS) source.addEventListener(kind, (event) => void this.heard(work, kind, JSON.parse((event as MessageEvent).data)));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED && !ended(work)) this.end(work, "failed", { code: "away", problem: "", hint: "" });
    };
  }

  private async heard(work: Work, kind: (typeof EVENTS)[number], event: Record<string, unknown>): Promise<void> {
    const key = event.key as string;
    if (kind === "waiting") work.before = event.before as number;
    else if (kind === "running") Object.assign(work, { state: "running", before: 0 });
    else if (kind === "progress") work.progress = event as Progress;
    else if (kind === "partial") await api.partial(work.job, key).then((part) => this.partial.set(key, part), () => undefined);
    else if (kind === "result") await this.fetch(key).catch(() => undefined);
    else return this.end(work, kind, (event.error as Problem) ?? null);
    this.changed();
  }

  private end(work: Work, state: Job["state"], trouble: Problem | null = null): void {
    Object.assign(work, { state, trouble });
    for (const cell of work.cells) this.partial.delete(cell.key);
    this.streams.get(work.job)?.close();
    this.streams.delete(work.job);
    this.changed();
    this.follow();
    if (!this.busy.length) this.idle();
  }
}

const fresh = (name: string, wish: Wish): Work =>
  ({ name, method: wish.methods[0].id, job: "", state: "asking", before: 0, cells: [], progress: {}, trouble: null });

export const ended = (work: Work): boolean => ["done", "failed", "cancelled"].includes(work.state);
