// How maps are looked at: all that needs no server.
import type { Area } from "./maps/field";
import type { Sign } from "./maps/scale";

export interface View {
  show: "both" | "heat" | "photo" | "swipe";
  opacity: number; // percent
  colors: string; // a table's name, or "auto"
  sign: Sign | "auto";
  clip: number; // percent of the evidence in the strongest colour
  threshold: number; // percent of the strongest colour below which nothing is drawn
  texture: "smooth" | "blocks";
  contour: boolean;
  fade: boolean;
  shared: boolean; // one scale for the maps of a method
  beside: boolean;
  combine: "none" | "difference" | "agreement";
  zoom: number; // times
  x: number; // the middle of what is seen, in parts of the photo
  y: number;
  swipe: number; // percent of the width where the map begins
}

export const PLAIN: Readonly<View> = {
  show: "both", opacity: 80, colors: "auto", sign: "auto", clip: 2, threshold: 0, texture: "smooth", contour: false,
  fade: true, shared: true, beside: false, combine: "none", zoom: 1, x: 0.5, y: 0.5, swipe: 50,
};

export const CLOSEST = 40; // times

/** The part of a photo that is seen. */
export function seen(view: View, width: number, height: number): Area {
  const w = width / view.zoom, h = height / view.zoom;
  return { left: view.x * width - w / 2, top: view.y * height - h / 2, width: w, height: h };
}

/** A view at another zoom, with one place of the photo where it was; never past the photo's edge. */
export function zoomed(view: View, zoom: number, x = view.x, y = view.y): View {
  const next = Math.min(Math.max(zoom, 1), CLOSEST), part = view.zoom / next;
  return within({ ...view, zoom: next, x: x + (view.x - x) * part, y: y + (view.y - y) * part });
}

export const moved = (view: View, dx: number, dy: number): View => within({ ...view, x: view.x + dx, y: view.y + dy });

function within(view: View): View {
  const half = 0.5 / view.zoom, keep = (at: number) => Math.min(Math.max(at, half), 1 - half);
  return { ...view, x: keep(view.x), y: keep(view.y) };
}

/** What differs from the plain view, for a link. */
export function asText(view: View): string {
  const changed = (Object.keys(PLAIN) as (keyof View)[]).filter((name) => view[name] !== PLAIN[name]);
  return changed.map((name) => `${name}:${encodeURIComponent(String(view[name]))}`).join(",");
}

/** A view from a link; what it does not understand stays plain. */
export function fromText(text: string): View {
  const view: Record<string, unknown> = { ...PLAIN };
  for (const part of text.split(",")) {
    const [name, value = ""] = part.split(":").map(decodeURIComponent);
    const plain = PLAIN[name as keyof View];
    if (plain === undefined || !Object.hasOwn(PLAIN, name)) continue;
    if (typeof plain === "number") view[name] = Number.isFinite(+value) ? +value : plain;
    else if (typeof plain === "boolean") view[name] = value === "true";
    else if (CHOICES[name]?.includes(value) ?? /^\w+$/.test(value)) view[name] = value;
  }
  const made = view as unknown as View;
  return zoomed(made, made.zoom);
}

const CHOICES: Record<string, readonly string[]> = {
  show: ["both", "heat", "photo", "swipe"],
  sign: ["auto", "all", "positive", "negative", "absolute"],
  texture: ["smooth", "blocks"],
  combine: ["none", "difference", "agreement"],
};
