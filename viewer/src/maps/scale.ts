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

const BINS = 4096;

/** Magnitudes of a sign by their size, in bins: which of them make up a share of all is found without sorting them. */
export class Sizes {
  private readonly sizes: Float32Array;
  private readonly sums = new Float64Array(BINS); // of each bin
  private readonly peak: number;
  private readonly total: number;
  private readonly known = new Map<number, Limits>(); // by percent

  constructor(values: Float32Array, sign: Sign) {
    const sizes = new Float32Array(values.length);
    let seen = 0;
    for (let i = 0; i < values.length; i++) if (values[i] === values[i]) sizes[seen++] = Math.abs(kept(values[i], sign));
    this.sizes = sizes.subarray(0, seen);
    this.peak = peak(this.sizes);
    for (let i = 0; i < seen; i++) this.sums[this.bin(sizes[i])] += sizes[i];
    this.total = this.sums.reduce((sum, one) => sum + one, 0);
  }

  private bin(size: number): number {
    return this.peak ? Math.min(Math.floor((size / this.peak) * BINS), BINS - 1) : 0;
  }

  /** The smallest of the largest magnitudes that make up `percent` of all: what captum draws in the strongest colour. */
  limits(percent: number): Limits {
    if (!this.known.has(percent)) this.known.set(percent, this.found(percent));
    return this.known.get(percent)!;
  }

  private found(percent: number): Limits {
    if (!this.total) return { limit: 0, peak: 0 };
    const wanted = this.total * 0.01 * (100 - percent);
    let bin = 0, sum = 0;
    while (bin < BINS - 1 && sum + this.sums[bin] < wanted) sum += this.sums[bin++];
    const within = this.sizes.filter((size) => this.bin(size) === bin).sort();
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
