// Attention weights: unpacking and reading them; nothing here touches the page.

// low and step of each query's row, then the codes; unpacked when a layer is first shown.
async function unpacked(call) {
  const stream = new Blob([bytes(call.packed)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const raw = new Uint8Array(await new Response(stream).arrayBuffer());
  const rows = 4 * call.stored * call.windows * call.counts[0];
  return { low: floats(raw.slice(0, rows)), step: floats(raw.slice(rows, 2 * rows)), codes: raw.subarray(2 * rows) };
}

// One weight, of query i to key j in a window. Rounded to float32 as AttentionCall.weights rounds.
function weightOf(call, held, head, window, i, j) {
  const row = (head * call.windows + window) * call.counts[0] + i;
  return Math.fround(held.low[row] + Math.fround(held.step[row] * held.codes[row * call.counts[1] + j]));
}

// One weight of a head, or of all of them as one: how is its number, "mean", "max" or "min".
function fusedOf(call, held, how, window, i, j) {
  if (typeof how === "number" || call.fused) return weightOf(call, held, call.fused ? 0 : how, window, i, j);
  let found = weightOf(call, held, 0, window, i, j);
  for (let head = 1; head < call.stored; head++) {
    const one = weightOf(call, held, head, window, i, j);
    found = how === "mean" ? found + one : how === "max" ? Math.max(found, one) : Math.min(found, one);
  }
  return how === "mean" ? found / call.stored : found;
}

// What tokens attend to on average, or who attends to them: others and cells, NaN where it is in another window.
function attended(call, held, how, tokens, reverse) {
  const [own, other] = reverse ? [call.counts[1], call.counts[0]] : call.counts;
  const sums = new Float64Array(call.windows * other).fill(NaN);
  for (const token of tokens) {
    const window = Math.floor(token / own), i = token % own;
    for (let j = 0, at = window * other; j < other; j++, at++) {
      const one = reverse ? fusedOf(call, held, how, window, j, i) : fusedOf(call, held, how, window, i, j);
      sums[at] = (Number.isNaN(sums[at]) ? 0 : sums[at]) + one;
    }
  }
  const seen = reverse ? call.queries : call.keys, found = sums.map((one) => one / tokens.length);
  return { others: found.slice(0, seen.others.length), cells: Float64Array.from(seen.at, (at) => found[at]) };
}
