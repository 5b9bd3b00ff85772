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

/**
 * The smallest of the largest magnitudes that together make up `percent` of their sum: what captum draws in the
 * strongest colour.
 */
export function limits(values: Float32Array, sign: Sign, percent: number): Limits {
  const sizes = values.filter((value) => !Number.isNaN(value)).map((value) => Math.abs(kept(value, sign))).sort();
  let sum = 0;
  for (const size of sizes) sum += size;
  if (!sum) return { limit: 0, peak: 0 };
  const wanted = sum * 0.01 * (100 - percent);
  let reached = 0, at = 0;
  while (at < sizes.length - 1 && (reached += sizes[at]) < wanted) at++;
  return { limit: sizes[at], peak: sizes[sizes.length - 1] };
}

export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(+value.toPrecision(3));
  return text.replace("-", "\u2212");
}
