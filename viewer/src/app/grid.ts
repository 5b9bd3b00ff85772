// Explanations to show, in the grid of methods times targets: whole, or as far as they are.
import { lang } from "../viewer";
import { photoAt, type Cell, type Shown } from "./api";
import { asOne } from "./wish";
import type { Session } from "./session";
import type { Data } from "../types";

export class Grid {
  private held: Data | null = null; // the same object while it holds the same
  private soFars = new WeakMap<object, Shown>();

  constructor(private readonly session: Session) {}

  get cells(): Cell[] {
    const { wishes, works } = this.session;
    return wishes.flatMap(([name]) => works.all.get(name)?.cells ?? []);
  }

  get data(): Data | null {
    const { state: { photo }, works, start } = this.session;
    if (!photo) return null;
    const explanations = this.cells.flatMap(({ key }) => {
      const found = works.found.get(key), part = works.partial.get(key);
      return found ? [found] : part ? this.soFar(key, part) : [];
    });
    this.apart(explanations);
    const { held } = this, same = held?.photo.src === photoAt(photo.id) && held.explanations.length === explanations.length;
    if (!same || held.explanations.some((one, i) => one !== explanations[i])) {
      this.held = { lang: lang(), photo: { ...photo, src: photoAt(photo.id) }, tables: start.tables, explanations };
    }
    return this.held;
  }

  /** A map that is on its way, with what is known of it. */
  private soFar(key: string, part: Partial<Shown>): Shown[] {
    const work = [...this.session.works.all.values()].find((one) => one.cells.some((cell) => cell.key === key));
    const target = work?.cells.find((cell) => cell.key === key)?.target ?? "";
    if (!part.input || !work) return [];
    if (!this.soFars.has(part)) this.soFars.set(part, {
      label: target, target, also: "", score: "", units: "", random: false, model: this.session.model?.name ?? "", explained: null, predictions: [],
      words: null, details: [], notes: [], sign: "all", frame: null, method: work.method, ...part, partial: true,
    } as Shown);
    return [this.soFars.get(part)!];
  }

  /** Maps of one method with other options are told apart by these. */
  private apart(all: Shown[]): void {
    const options = new Map(this.session.wishes.flatMap(([name, wish]) => this.session.works.all.get(name)?.cells.map((cell) => [cell.key, asOne(wish.methods[0])] as const) ?? []));
    const several = (one: Shown) => new Set(all.filter((other) => other.method === one.method).map((other) => options.get(other.key ?? ""))).size > 1;
    for (const one of all) if (one.key && several(one)) one.also = (options.get(one.key) ?? "").replace(/^[^(]*\(?|\)$/g, "");
  }
}
