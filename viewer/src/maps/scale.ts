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

const KEPT = 15; // bits of a float32 below those that choose its bin: 256 bins from each power of two to the next
const BINS = 2 ** (31 - KEPT);

/** Magnitudes of a sign in bins: which of them make up a share of all is found by sorting one bin. */
export class Sizes {
  private readonly grouped: Float32Array; // a bin's side by side
  private readonly starts = new Uint32Array(BINS + 1); // of each bin
  private readonly sums = new Float64Array(BINS); // of each bin
  private readonly peak: number;
  private readonly total: number;
  private readonly sorted = new Set<number>();
  private readonly known = new Map<number, Limits>(); // by percent

  constructor(values: Float32Array, sign: Sign) {
    const sizes = new Float32Array(values.length), { starts, sums } = this;
    const bits = new Uint32Array(sizes.buffer); // without a sign, they are in the order of the numbers
    let seen = 0, most = 0;
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(kept(values[i], sign));
      if (size !== size) continue;
      sizes[seen] = size;
      const bin = bits[seen++] >>> KEPT;
      sums[bin] += size;
      starts[bin + 1]++;
      if (size > most) most = size;
    }
    for (let bin = 0; bin < BINS; bin++) starts[bin + 1] += starts[bin];
    const ends = starts.slice(1);
    this.grouped = new Float32Array(seen);
    for (let i = 0; i < seen; i++) this.grouped[--ends[bits[i] >>> KEPT]] = sizes[i];
    this.peak = most;
    this.total = sums.reduce((sum, one) => sum + one, 0);
  }

  /** The smallest of the largest magnitudes that make up `percent` of all: what captum draws in the strongest colour. */
  limits(percent: number): Limits {
    if (!this.known.has(percent)) this.known.set(percent, this.found(percent));
    return this.known.get(percent)!;
  }

  private found(percent: number): Limits {
    if (!this.total) return { limit: 0, peak: 0 };
    const { sums } = this, wanted = this.total * 0.01 * (100 - percent);
    let bin = 0, sum = 0;
    while (bin < BINS - 1 && sum + sums[bin] < wanted) sum += sums[bin++];
    const within = this.grouped.subarray(this.starts[bin], this.starts[bin + 1]);
    if (!this.sorted.has(bin)) within.sort();
    this.sorted.add(bin);
    let at = 0;
    while (at < within.length - 1 && (sum += within[at]) < wanted) at++;
    return { limit: within[at] ?? this.peak, peak: this.peak };
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
