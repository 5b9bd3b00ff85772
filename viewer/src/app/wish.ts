// What an address asks for, read without the rest of the page: start.ts asks before that is there.
import type { Asked, Photo, Wish } from "./api";

export interface Wanted {
  photo: Photo;
  model: string;
  methods: Asked[];
  targets: string[];
  seed: number;
  score: string;
}

const PHOTO = /^[0-9a-f]{64}$/;

/** What it does not say, or says wrongly, is left out. */
export function wanted(parts: URLSearchParams): Partial<Wanted> {
  const found: Partial<Wanted> = {};
  const id = parts.get("photo") ?? "", [width, height] = (parts.get("size") ?? "").split("x").map(Number);
  if (PHOTO.test(id) && width > 0 && height > 0) found.photo = { id, width, height, name: parts.get("name") ?? "" };
  if (parts.get("model")) found.model = parts.get("model")!;
  if (parts.has("method")) found.methods = parts.getAll("method").map(fromOne);
  if (parts.has("target")) found.targets = parts.getAll("target").filter(Boolean);
  if (/^\d+$/.test(parts.get("seed") ?? "")) found.seed = Number(parts.get("seed"));
  if (parts.get("score")) found.score = parts.get("score")!;
  return found;
}

/** As the server takes it; null where too little is said for that. */
export function wishOf({ photo, model, methods, targets, seed, score }: Partial<Wanted>): Wish | null {
  if (!photo || !model || !methods?.length || !targets?.length) return null;
  return { photo: photo.id, model, methods, targets, ...(seed ? { seed } : {}), ...(score ? { score } : {}) };
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
