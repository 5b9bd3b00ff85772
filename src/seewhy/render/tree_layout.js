"use strict";

// A tree from the parents of its nodes, which stand before their children: children, classes below, and the same
// with unnamed inner nodes left out, their children taken by the next node above.
function grown({ parents, names }) {
  const full = parents.map(() => []), count = parents.map(() => 0);
  for (let node = parents.length - 1; node >= 0; node--) {
    if (!full[node].length) count[node] = 1;
    const parent = parents[node];
    if (parent < 0) continue;
    full[parent].unshift(node);
    count[parent] += count[node];
  }
  const passed = (node) => node > 0 && full[node].length && !names[node];
  const short = parents.map(() => []);
  for (let node = parents.length - 1; node >= 0; node--) {
    short[node] = full[node].flatMap((child) => (passed(child) ? short[child] : [child]));
  }
  const above = parents.map((parent) => {
    while (parent > 0 && passed(parent)) parent = parents[parent];
    return parent;
  });
  return { full, short, count, above, passed, parents };
}

// Where the seen nodes lie: a row for each that has nothing open below it, a parent in the middle of its children.
function laid(kids, above, open, { width, row, gap }) {
  const seen = [], x = new Map(), y = new Map(), waiting = [0];
  while (waiting.length) {
    const node = waiting.pop();
    seen.push(node);
    x.set(node, node ? x.get(above[node]) + width(above[node]) + gap : 0);
    if (open.has(node)) for (let i = kids[node].length - 1; i >= 0; i--) waiting.push(kids[node][i]);
  }
  let bottom = 0;
  for (const node of seen) {
    if (open.has(node) && kids[node].length) continue;
    const high = row(node);
    y.set(node, bottom + high / 2);
    bottom += high;
  }
  for (let i = seen.length - 1; i >= 0; i--) {
    const own = kids[seen[i]];
    if (open.has(seen[i]) && own.length) y.set(seen[i], (y.get(own[0]) + y.get(own[own.length - 1])) / 2);
  }
  return { seen, x, y, bottom };
}

// The nodes that are open at first: level by level while there is room, and the ways to those given.
function firstOpen(kids, count, given, rows) {
  const open = new Set();
  let edge = [0], shown = 1;
  while (edge.length) {
    const wider = edge.flatMap((node) => (kids[node].length ? kids[node] : [node]));
    if (open.size && wider.length > rows) break;
    for (const node of edge) if (kids[node].length) open.add(node);
    shown = wider.length;
    edge = edge.flatMap((node) => kids[node]);
  }
  for (const way of given) for (const node of way) if (kids[node].length) open.add(node);
  return open;
}
