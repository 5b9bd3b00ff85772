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
  const { sign, limit, colors, fade, threshold } = style, table = new Uint32Array(COUNT);
  if (!limit) return table;
  const step = peak / STEPS, bytes = new Uint8ClampedArray(4), one = new Uint32Array(bytes.buffer);
  const colour = (level: number): number => {
    const part = scaled((level - MIDDLE) * step, sign, limit), size = Math.abs(part), from = rowOf(part, sign);
    if (size < threshold) return 0;
    bytes[0] = colors[from];
    bytes[1] = colors[from + 1];
    bytes[2] = colors[from + 2];
    bytes[3] = fade ? 255 * size : 255;
    return one[0];
  };
  const least = Math.max(MIDDLE - Math.ceil(limit / step), 1), most = Math.min(MIDDLE + Math.ceil(limit / step), COUNT - 1);
  table.fill(colour(1), 1, least); // nothing changes past the limit
  for (let level = least; level <= most; level++) table[level] = colour(level);
  table.fill(colour(COUNT - 1), most + 1);
  return table;
}

let spare: ImageData | undefined; // of the size asked for last: panels are of one size, and one memory stays near the processor

/** An image until the next is asked for. */
export function scratch(width: number, height: number): ImageData {
  if (spare?.width !== width || spare.height !== height) spare = new ImageData(width, height);
  return spare;
}

export function paint(into: ImageData, found: Uint16Array, table: Uint32Array): void {
  const out = new Uint32Array(into.data.buffer), fours = out.length & ~3;
  for (let i = 0; i < fours; i += 4) { // in steps of four it takes three fifths of the time
    const a = table[found[i]], b = table[found[i + 1]], c = table[found[i + 2]], d = table[found[i + 3]];
    out[i] = a;
    out[i + 1] = b;
    out[i + 2] = c;
    out[i + 3] = d;
  }
  for (let i = fours; i < out.length; i++) out[i] = table[found[i]];
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
