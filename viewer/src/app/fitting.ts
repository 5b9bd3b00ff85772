// What of a reader's choices fits a network.
import type { Asked, Model } from "./api";

const LIKELIEST = /^(top|predicted|rank:.*)$/i, NUMBER = /^\d+$/;

/** Whether it compares photos with texts and has none of its own: there is nothing to explain until one is typed. */
export const bare = (model: Model | undefined): boolean => Boolean(model?.texts && !model.classes);

/** The texts that a target names, both of a contrast, as the server reads it. known: those that the network has. */
export function textsOf(target: string, known: readonly string[] = []): string[] {
  const plain = target.trim(), at = plain.indexOf(" - ");
  if (!plain || LIKELIEST.test(plain)) return [];
  return at < 0 || known.includes(plain) ? [plain] : [plain.slice(0, at), plain.slice(at + 3)].flatMap((one) => textsOf(one, known));
}

/** switched: from another network, whose classes and texts may be none of this one's. */
export function targetsFor(model: Model, targets: readonly string[], switched: boolean): string[] {
  const kept = !switched ? targets : targets.filter((one) => (model.texts ? !NUMBER.test(one) : one === "top" || NUMBER.test(one)));
  if (bare(model)) return kept.filter((one) => textsOf(one).length);
  return kept.length ? [...kept] : ["top"];
}

/** Those that are offered, else what fits the network. */
export function methodsFor(model: Model, methods: readonly Asked[]): Asked[] {
  const offered = new Set(model.methods.filter((one) => one.offered).map((one) => one.id));
  const kept = methods.filter((one) => offered.has(one.id));
  return kept.length ? kept : [{ id: model.first, options: {} }];
}
