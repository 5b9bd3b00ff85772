"use strict";
// Reading and scaling maps and their colours; nothing here knows of a page.

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

function floats(raw) {
  const view = new DataView(raw.buffer);
  return Float32Array.from({ length: raw.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

// Where pixel centres of the original picture fall on one axis of a map; null where the network did not look.
// Rounded to float32 as Geometry.place rounds, so that both give the same number.
function place(map, axis, centre) {
  const cells = axis ? map.columns : map.rows, length = map.input[axis];
  const position = map.scale[axis] * centre + map.offset[axis];
  if (position < 0 || position > length) return null;
  const at = Math.min(Math.max((position * cells) / length - 0.5, 0), cells - 1);
  const low = Math.floor(at), share = Math.fround(at - low);
  return { low, high: Math.min(low + 1, cells - 1), share, rest: Math.fround(1 - share) };
}

const mix = (a, b, on) => Math.fround(Math.fround(a * on.rest) + Math.fround(b * on.share));

// One line of a map, between two of its rows.
function blend(map, row) {
  const low = row.low * map.columns, high = row.high * map.columns;
  return Float32Array.from({ length: map.columns }, (_, c) => mix(map.values[low + c], map.values[high + c], row));
}

function sample(map, row, column) {
  if (!row || !column) return NaN;
  const line = blend(map, row);
  return mix(line[column.low], line[column.high], column);
}

function scaled(value, sign, limit) {
  if (sign === "positive") value = Math.max(value, 0);
  else if (sign === "negative") value = Math.max(-value, 0);
  else if (sign === "absolute") value = Math.abs(value);
  return limit ? Math.min(Math.max(value / limit, -1), 1) : 0;
}

const rowOf = (part, sign) => 3 * Math.round(sign === "all" ? 128 + 127 * part : 255 * part);

// A canvas as the bar of all colours, from the least to the largest; returns where its ticks stand, in parts of the limit.
function paintScale(bar, sign, colors) {
  const both = sign === "all", image = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    const from = rowOf(both ? i / 127.5 - 1 : i / 255, sign);
    image.data.set([colors[from], colors[from + 1], colors[from + 2], 255], 4 * i);
  }
  bar.width = 256;
  bar.height = 1;
  bar.getContext("2d").putImageData(image, 0, 0);
  return both ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
}

function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(+value.toPrecision(3));
  return text.replace("-", "\u2212");
}
