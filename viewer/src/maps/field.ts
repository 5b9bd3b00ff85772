// Values on the photo's pixels, wherever they come from: one map, or several brought together.
import { peak } from "./scale";
import { blend, block, place, sample, type Cells } from "./place";

/** A part of the photo, in its pixels. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Field {
  /** Values at the middles of w x h equal parts of an area; NaN where the network did not look. */
  over(area: Area, w: number, h: number, blocks: boolean): Float32Array;
  /** The value at a pixel of the photo. */
  at(x: number, y: number): number;
}

export class MapField implements Field {
  private most?: number;

  constructor(readonly map: Cells) {}

  /** The largest magnitude of its cells: nothing between them is larger. */
  get peak(): number {
    return (this.most ??= peak(this.map.values));
  }

  over(area: Area, w: number, h: number, blocks: boolean): Float32Array {
    const { map } = this, spot = blocks ? block : place, found = new Float32Array(w * h).fill(NaN);
    const columns = Array.from({ length: w }, (_, x) => spot(map, 1, area.left + ((x + 0.5) * area.width) / w));
    const first = columns.findIndex(Boolean), last = columns.findLastIndex(Boolean);
    if (first < 0) return found;
    const low = Int32Array.from(columns, (one) => one?.low ?? 0), high = Int32Array.from(columns, (one) => one?.high ?? 0);
    const share = Float32Array.from(columns, (one) => one?.share ?? 0);
    for (let y = 0; y < h; y++) {
      const row = spot(map, 0, area.top + ((y + 0.5) * area.height) / h);
      if (!row) continue;
      const line = blend(map, row);
      for (let x = first, k = y * w + first; x <= last; x++, k++) {
        const a = line[low[x]], b = line[high[x]];
        found[k] = a + (b - a) * share[x];
      }
    }
    return found;
  }

  at(x: number, y: number): number {
    return sample(this.map, place(this.map, 0, y + 0.5), place(this.map, 1, x + 0.5));
  }

  /** The cell that a pixel falls in. */
  cell(x: number, y: number): [row: number, column: number] | null {
    const row = block(this.map, 0, y + 0.5), column = block(this.map, 1, x + 0.5);
    return row && column ? [row.low, column.low] : null;
  }
}

/** Values made of those of other fields, pixel by pixel. */
export class Combined implements Field {
  constructor(readonly of: readonly Field[], readonly by: (values: readonly number[]) => number) {}

  over(area: Area, w: number, h: number, blocks: boolean): Float32Array {
    const parts = this.of.map((field) => field.over(area, w, h, blocks));
    return Float32Array.from({ length: w * h }, (_, k) => this.by(parts.map((part) => part[k])));
  }

  at(x: number, y: number): number {
    return this.by(this.of.map((field) => field.at(x, y)));
  }
}
