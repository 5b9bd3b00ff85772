// From raw values to parts of the strongest colour, and numbers as they are read.

export type Sign = "all" | "positive" | "negative" | "absolute";
export const SIGNS: readonly Sign[] = ["all", "positive", "negative", "absolute"];

/** The part of a value that a sign shows, as a magnitude where it is one sign. */
export function kept(value: number, sign: Sign): number {
  if (sign === "positive") return Math.max(value, 0);
  if (sign === "negative") return Math.max(-value, 0);
  return sign === "absolute" ? Math.abs(value) : value;
}

export const scaled = (value: number, sign: Sign, limit: number): number =>
  limit ? Math.min(Math.max(kept(value, sign) / limit, -1), 1) : 0;

/** Where a part's colour starts in a table of 256 colours. */
export const rowOf = (part: number, sign: Sign): number => 3 * Math.round(sign === "all" ? 128 + 127 * part : 255 * part);

export interface Limits {
  limit: number; // the magnitude in the strongest colour; 0 where there is nothing of that sign
  peak: number; // the largest magnitude
}

/** Magnitudes of a sign, smallest first, with their sums so far: what any share of them is looked up in. */
export class Sizes {
  private readonly sizes: Float32Array;
  private readonly sums: Float64Array;

  constructor(values: Float32Array, sign: Sign) {
    const sizes = new Float32Array(values.length);
    let seen = 0;
    for (let i = 0; i < values.length; i++) if (values[i] === values[i]) sizes[seen++] = Math.abs(kept(values[i], sign));
    this.sizes = sizes.subarray(0, seen).sort();
    this.sums = new Float64Array(this.sizes.length);
    let sum = 0;
    for (let i = 0; i < this.sizes.length; i++) this.sums[i] = sum += this.sizes[i];
  }

  /** The smallest of the largest magnitudes that make up `percent` of all: what captum draws in the strongest colour. */
  limits(percent: number): Limits {
    const { sizes, sums } = this, last = sizes.length - 1;
    if (last < 0 || !sums[last]) return { limit: 0, peak: 0 };
    const wanted = sums[last] * 0.01 * (100 - percent);
    let low = 0, high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] >= wanted) high = middle;
      else low = middle + 1;
    }
    return { limit: sizes[low], peak: sizes[last] };
  }
}

/** The largest magnitude. */
export function peak(values: Float32Array): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > found) found = Math.abs(values[i]);
  return found;
}

export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(+value.toPrecision(3));
  return text.replace("-", "\u2212");
}
