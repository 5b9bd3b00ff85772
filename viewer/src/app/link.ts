// Everything that is asked for and how it is looked at, as the fragment of an address: opened again, it shows the same.
import { asText, fromText, type View } from "../viewer";
import type { Asked, Photo } from "./api";

export interface State {
  photo: Photo | null;
  model: string;
  methods: Asked[];
  targets: string[];
  seed: number;
  score: string;
  tab: string;
  view: View;
}

const PHOTO = /^[0-9a-f]{64}$/;

export function written(state: State): string {
  const parts = new URLSearchParams();
  if (state.photo) {
    const { id, width, height, name } = state.photo;
    parts.set("photo", id);
    parts.set("size", `${width}x${height}`);
    parts.set("name", name);
  }
  parts.set("model", state.model);
  for (const one of state.methods) parts.append("method", asOne(one));
  for (const one of state.targets) parts.append("target", one);
  if (state.seed) parts.set("seed", String(state.seed));
  if (state.score) parts.set("score", state.score);
  if (state.tab !== "explain") parts.set("tab", state.tab);
  parts.set("view", asText(state.view));
  return parts.toString();
}

/** What an address asks for; what it does not say, or says wrongly, is left out. */
export function read(fragment: string): Partial<State> {
  const parts = new URLSearchParams(fragment.replace(/^#/, "")), found: Partial<State> = {};
  const id = parts.get("photo") ?? "", [width, height] = (parts.get("size") ?? "").split("x").map(Number);
  if (PHOTO.test(id) && width > 0 && height > 0) found.photo = { id, width, height, name: parts.get("name") ?? "" };
  if (parts.get("model")) found.model = parts.get("model")!;
  if (parts.has("method")) found.methods = parts.getAll("method").map(fromOne);
  if (parts.has("target")) found.targets = parts.getAll("target");
  if (/^\d+$/.test(parts.get("seed") ?? "")) found.seed = Number(parts.get("seed"));
  if (parts.get("score")) found.score = parts.get("score")!;
  if (parts.get("tab")) found.tab = parts.get("tab")!;
  if (parts.has("view")) found.view = fromText(parts.get("view")!);
  return found;
}

/** A method with its options: rise(n_samples=500). */
export const asOne = ({ id, options }: Asked): string => {
  const all = Object.entries(options).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return all.length ? `${id}(${all.join(",")})` : id;
};

function fromOne(text: string): Asked {
  const found = /^([^(]+)\((.*)\)$/.exec(text);
  if (!found) return { id: text, options: {} };
  const pairs = found[2].split(",").map((pair) => pair.split("=", 2));
  return { id: found[1], options: Object.fromEntries(pairs.map(([name, value = ""]) => [name, decodeURIComponent(value)])) };
}
