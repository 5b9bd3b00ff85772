// Colours. Values become levels once; all that is only looking (colours, sign, clipping, threshold) is a table of them,
// so that a step of a slider is one look-up a pixel.
import { rowOf, scaled, type Sign } from "./scale";

// Levels: 1 to 2 * MIDDLE - 1 are -peak to peak. So many that a limit of a sixtieth of the peak still has all its colours,
// and so few that their table stays near the processor.
const MIDDLE = 8192, STEPS = MIDDLE - 1, COUNT = 2 * MIDDLE, UNSEEN = 0;

export interface Style {
  sign: Sign;
  limit: number; // drawn in the strongest colour
  colors: Uint8Array; // 256 of red, green and blue
  fade: boolean; // weak values let the photo through
  threshold: number; // parts of the limit below which nothing is drawn
}

/** Each value's level, of -peak to peak; NaN is unseen. */
export function levels(values: Float32Array, peak: number): Uint16Array {
  const found = new Uint16Array(values.length), step = peak ? STEPS / peak : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    found[i] = value === value ? MIDDLE + Math.round(value * step) : UNSEEN;
  }
  return found;
}

/** What each level looks like, as the bytes of RGBA in the order of this machine. */
export function look(style: Style, peak: number): Uint32Array {
  const { sign, limit, colors, fade, threshold } = style;
  const bytes = new Uint8ClampedArray(4 * COUNT), step = peak / STEPS;
  if (!limit) return new Uint32Array(bytes.buffer);
  for (let level = 1; level < COUNT; level++) {
    const part = scaled((level - MIDDLE) * step, sign, limit), size = Math.abs(part);
    if (size < threshold) continue;
    const from = rowOf(part, sign), to = 4 * level;
    bytes[to] = colors[from];
    bytes[to + 1] = colors[from + 1];
    bytes[to + 2] = colors[from + 2];
    bytes[to + 3] = fade ? 255 * size : 255;
  }
  return new Uint32Array(bytes.buffer);
}

export function paint(into: ImageData, found: Uint16Array, table: Uint32Array): void {
  const out = new Uint32Array(into.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = table[found[i]];
}

/** Lines where the scaled value passes one of `parts`: white with a dark edge, to be seen on any photo. */
export function contour(into: ImageData, found: Uint16Array, style: Style, peak: number, parts: readonly number[]): void {
  const step = peak / STEPS, over = new Uint8Array(COUNT);
  for (let level = 1; level < COUNT; level++) {
    const size = Math.abs(scaled((level - MIDDLE) * step, style.sign, style.limit));
    over[level] = parts.filter((part) => size >= part).length;
  }
  const { width, height } = into, out = new Uint32Array(into.data.buffer);
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++, k++) {
      if (!found[k]) continue;
      const here = over[found[k]], passes = (other: number) => found[other] !== UNSEEN && over[found[other]] !== here;
      const right = x + 1 < width && passes(k + 1), below = y + 1 < height && passes(k + width);
      if (!right && !below) continue;
      out[k] = 0xffffffff;
      if (below && y + 2 < height) out[k + width] = 0xb0000000;
      if (right && x + 2 < width) out[k + 1] = 0xb0000000;
    }
  }
}

/** A canvas as the bar of all colours, from the least to the largest; where its ticks stand, in parts of the limit. */
export function paintScale(bar: HTMLCanvasElement, sign: Sign, colors: Uint8Array): number[] {
  const both = sign === "all", image = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    const from = rowOf(both ? i / 127.5 - 1 : i / 255, sign);
    image.data.set([colors[from], colors[from + 1], colors[from + 2], 255], 4 * i);
  }
  bar.width = 256;
  bar.height = 1;
  bar.getContext("2d")!.putImageData(image, 0, 0);
  return both ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
}
