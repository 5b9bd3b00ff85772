// One panel's map: its field, how it is scaled, and what it is called.
import { bytes, floats } from "./maps/decode";
import { Combined, MapField, type Field } from "./maps/field";
import { peak, Sizes, type Limits, type Sign } from "./maps/scale";
import { said, word } from "./said";
import type { Data, Picture, Shown } from "./types";
import { PLAIN, type View } from "./view";

const LONGEST = 512; // pixels of the longer side that the strongest colour is chosen on

export interface Layer {
  index: number; // of the explanation, or -1
  field: Field;
  sign: Sign; // as its paper shows it
  title: string;
  subtitles: string[];
  group: string; // maps that can share a scale: one method's of one network
  shown?: Shown;
  units: string;
  full?: number; // the strongest colour, where it is known without looking at the values
}

const decoded = new WeakMap<Shown, MapField>();

export function layerOf(shown: Shown, index: number): Layer {
  if (!decoded.has(shown)) decoded.set(shown, new MapField({ ...shown, values: floats(bytes(shown.values)) }));
  return {
    index, shown, field: decoded.get(shown)!, sign: shown.sign, title: shown.method,
    subtitles: [said(shown.target), said(shown.also), said(shown.score)].filter(Boolean),
    group: `${shown.model}\n${shown.method}`, units: said(shown.units),
  };
}

/** The layers that a view shows of data: those chosen, and what they are together. */
export function layersOf(data: Data, view: View, chosen: readonly number[]): Layer[] {
  const own = chosen.filter((index) => index in data.explanations).map((index) => layerOf(data.explanations[index], index));
  if (view.combine === "difference" && own.length > 1) return [...own, difference(own[0], own[1], view, data.photo)];
  if (view.combine === "agreement" && own.length > 1) return [...own, agreement(own, view, data.photo)];
  return own;
}

/** What counts in a view: which sign of a layer is shown. */
export const signOf = (layer: Layer, view: View): Sign => (view.sign === "auto" ? layer.sign : view.sign);

const sizes = new WeakMap<Field, Map<Sign, Sizes>>();

/** A layer's limit and peak on the whole photo. */
export function limitsOf(layer: Layer, sign: Sign, percent: number, photo: Picture): Limits {
  if (layer.full) return { limit: layer.full, peak: layer.full };
  if (layer.shown?.limits && sign === layer.sign && percent === PLAIN.clip) return layer.shown.limits;
  const known = sizes.get(layer.field) ?? new Map<Sign, Sizes>();
  sizes.set(layer.field, known);
  if (!known.has(sign)) known.set(sign, new Sizes(sampled(layer.field, photo), sign));
  return known.get(sign)!.limits(percent);
}

const peaks = new WeakMap<Field, number>();

/** A magnitude that none on the whole photo exceeds. */
export function peakOf(layer: Layer, photo: Picture): number {
  if (layer.field instanceof MapField) return layer.field.peak;
  if (!peaks.has(layer.field)) peaks.set(layer.field, peak(sampled(layer.field, photo)));
  return peaks.get(layer.field)!;
}

/** One limit for maps that can be compared: the largest of their group. */
export function scaleOf(layer: Layer, all: readonly Layer[], view: View, photo: Picture): Limits {
  const sign = signOf(layer, view), own = limitsOf(layer, sign, view.clip, photo);
  if (!view.shared) return own;
  const group = all.filter((other) => other.group === layer.group && signOf(other, view) === sign);
  return { peak: own.peak, limit: Math.max(own.limit, ...group.map((other) => limitsOf(other, sign, view.clip, photo).limit)) };
}

const samples = new WeakMap<Field, Float32Array>();

function sampled(field: Field, photo: Picture): Float32Array {
  const known = samples.get(field);
  if (known) return known;
  const shrink = Math.min(1, LONGEST / Math.max(photo.width, photo.height));
  const [w, h] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * shrink)));
  const found = field.over({ left: 0, top: 0, width: photo.width, height: photo.height }, w, h, false);
  samples.set(field, found);
  return found;
}

/** The first less the second: in their own units where these are the same, else each in parts of its strongest colour. */
function difference(a: Layer, b: Layer, view: View, photo: Picture): Layer {
  const same = a.group === b.group;
  const [over, under] = [a, b].map((one) => (same ? 1 : limitsOf(one, "absolute", view.clip, photo).limit || 1));
  const names = [a, b].map((one) => (same ? one.subtitles[0] : one.title));
  return {
    index: -1, sign: "all", title: word("difference"), subtitles: [`${names[0]} \u2212 ${names[1]}`], group: "difference",
    field: new Combined([a.field, b.field], ([x, y]) => x / over - y / under),
    units: same ? a.units : word("in_parts_of_largest"),
  };
}

/** How many of the maps have a pixel among the strongest fifth of theirs. */
function agreement(all: readonly Layer[], view: View, photo: Picture): Layer {
  const least = all.map((one) => fifth(sampled(one.field, photo), signOf(one, view)));
  const signs = all.map((one) => signOf(one, view));
  return {
    index: -1, sign: "positive", title: word("agreement"), subtitles: [word("agreement_of", { count: all.length })],
    group: "agreement", units: word("agreement_units"), full: all.length,
    field: new Combined(all.map((one) => one.field), (values) => {
      if (values.some(Number.isNaN)) return NaN;
      return values.reduce((sum, value, i) => sum + Number(strength(value, signs[i]) > least[i]), 0);
    }),
  };
}

const strength = (value: number, sign: Sign): number => (sign === "positive" ? value : sign === "negative" ? -value : Math.abs(value));

/** The strength above which a fifth of the pixels are; never below nothing. */
function fifth(values: Float32Array, sign: Sign): number {
  const sizes = values.filter((value) => value === value).map((value) => strength(value, sign)).sort();
  return Math.max(0, sizes[Math.floor(0.8 * sizes.length)] ?? 0);
}
