// Everything that is asked for and how it is looked at, as the fragment of an address: opened again, it shows the same.
import { asText, fromText, type View } from "../viewer";
import type { Photo } from "./api";
import { asOne, wanted, type Wanted } from "./wish";

export interface State extends Omit<Wanted, "photo"> {
  photo: Photo | null;
  tab: string;
  view: View;
}

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

/** What an address asks for. */
export function read(fragment: string): Partial<State> {
  const parts = new URLSearchParams(fragment.replace(/^#/, "")), found: Partial<State> = wanted(parts);
  if (parts.get("tab")) found.tab = parts.get("tab")!;
  if (parts.has("view")) found.view = fromText(parts.get("view")!);
  return found;
}
