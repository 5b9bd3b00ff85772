// Where pixels of the photo fall on a map. Rounded to float32 as Geometry.place rounds, so that both give the same number.

export interface Cells {
  values: Float32Array; // rows one after another
  rows: number;
  columns: number;
  input: readonly number[]; // height and width of what the network was given
  scale: readonly number[]; // its pixels a pixel of the photo, down and across
  offset: readonly number[];
}

export interface Spot {
  low: number;
  high: number;
  share: number; // of the higher cell
}

/** A pixel centre of the photo on one axis of a map (0 down, 1 across); null where the network did not look. */
export function place(map: Cells, axis: 0 | 1, centre: number): Spot | null {
  const cells = axis ? map.columns : map.rows, length = map.input[axis];
  const position = map.scale[axis] * centre + map.offset[axis];
  if (position < 0 || position > length) return null;
  const at = Math.min(Math.max((position * cells) / length - 0.5, 0), cells - 1);
  const low = Math.floor(at);
  return { low, high: Math.min(low + 1, cells - 1), share: Math.fround(at - low) };
}

/** The same, in the middle of the cell it falls in. */
export function block(map: Cells, axis: 0 | 1, centre: number): Spot | null {
  const cells = axis ? map.columns : map.rows;
  const position = ((map.scale[axis] * centre + map.offset[axis]) * cells) / map.input[axis];
  if (position < 0 || position > cells) return null;
  const cell = Math.min(Math.floor(position), cells - 1);
  return { low: cell, high: cell, share: 0 };
}

export const mix = (a: number, b: number, on: Spot): number =>
  Math.fround(a + Math.fround(Math.fround(b - a) * on.share));

/** One line of a map, between two of its rows. */
export function blend(map: Cells, row: Spot): Float32Array {
  const { values, columns } = map, low = row.low * columns, high = row.high * columns, line = new Float32Array(columns);
  for (let c = 0; c < columns; c++) line[c] = mix(values[low + c], values[high + c], row);
  return line;
}

export function sample(map: Cells, row: Spot | null, column: Spot | null): number {
  if (!row || !column) return NaN;
  const line = blend(map, row);
  return mix(line[column.low], line[column.high], column);
}
