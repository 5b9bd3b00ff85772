// How a tree is drawn on a canvas: only what is in view, and words only where they can be read.
const MARKS = ["#1687c9", "#2f9e57", "#9a5fd0", "#b98f14", "#149aa3", "#d23c7c", "#5b6ee1", "#7b8190"];
const FONT = '13px system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const SMALL = FONT.replace("13px", "10.5px"), BOLD = `600 ${FONT}`;
const READABLE = 0.45; // of the scale, below which there are no words
const CROWD = 500; // nodes in view, as there are only where they lie on each other: on their way to their places

function coloursNow() {
  const style = getComputedStyle(document.documentElement), own = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(["card", "ink", "soft", "line", "track", "accent"].map((name) => [name, own(name)]));
}

function percent(share) {
  const said = (100 * share).toFixed(1);
  return said === "100.0" && share < 1 ? ">99.9%" : said === "0.0" && share > 0 ? "<0.1%" : `${said}%`;
}

// scene: { seen, at(node) -> [x, y], width(node), above, box: [left, top, right, bottom] of the view, scale, colours,
// label, sub, count, kids, open, marks (node -> colours), path, reached, share(node), focus, matches, picture(node, x, y) }
function drawTree(context, scene) {
  const { box, colours } = scene, [left, top, right, bottom] = box;
  const edges = new Map(), shown = [];
  for (const node of scene.seen) {
    const [x, y] = scene.at(node), parent = scene.above[node];
    if (node) {
      const [px, py] = scene.at(parent), from = px + scene.width(parent);
      if (Math.max(y, py) >= top && Math.min(y, py) <= bottom && x >= left && from <= right) edge(edges, scene, node, [from, py, x - 5, y]);
    }
    if (y > top - 30 && y < bottom + 30 && x < right && x + scene.width(node) > left) shown.push([node, x, y]);
  }
  for (const style of [...edges.values()].sort((a, b) => a.rank - b.rank)) {
    context.strokeStyle = style.colour;
    context.lineWidth = style.width;
    context.stroke(style.path);
  }
  const words = scene.scale >= READABLE && shown.length < CROWD;
  for (const [node, x, y] of shown) drawNode(context, scene, node, x, y, words);
  return shown.length;
}

function edge(edges, scene, node, [x0, y0, x1, y1]) {
  const marks = scene.marks.get(node) || [], onPath = scene.path.has(node), { colours } = scene;
  const width = scene.reached ? 1.2 + 5.8 * Math.round(scene.reached[node] * 12) / 12 : 1.2;
  const plain = `${colours.soft}66`, own = onPath ? [colours.accent] : marks.length ? [] : [plain];
  const listed = [...own, ...marks.map((mark) => MARKS[mark])], each = listed.length > 1 || marks.length ? Math.max(2.2, width / listed.length) : width;
  listed.forEach((colour, i) => {
    const key = `${colour} ${each}`, off = (each + 0.6) * (i - (listed.length - 1) / 2), middle = (x0 + x1) / 2;
    if (!edges.has(key)) edges.set(key, { colour, width: each, rank: marks.length ? 2 : onPath ? 1 : 0, path: new Path2D() });
    const { path } = edges.get(key);
    path.moveTo(x0, y0 + off);
    path.bezierCurveTo(middle, y0 + off, middle, y1 + off, x1, y1 + off);
  });
}

function drawNode(context, scene, node, x, y, words) {
  const { colours } = scene, inner = scene.kids[node].length, closed = inner && !scene.open.has(node);
  const mark = (scene.marks.get(node) || [])[0], own = mark === undefined ? (scene.path.has(node) ? colours.accent : inner ? colours.ink : colours.soft) : MARKS[mark];
  if (scene.focus === node || scene.matches.has(node)) {
    context.beginPath();
    context.roundRect(x - 9, y - 12, scene.width(node) + 12, 24, 8);
    context.fillStyle = scene.matches.has(node) ? `${colours.accent}2e` : colours.track;
    context.fill();
    if (scene.focus === node) {
      context.strokeStyle = colours.accent;
      context.lineWidth = 1.5;
      context.stroke();
    }
  }
  context.beginPath();
  context.arc(x, y, inner ? 5 : 3, 0, 7);
  context.fillStyle = closed || !inner ? own : colours.card;
  context.fill();
  if (inner) {
    context.strokeStyle = own;
    context.lineWidth = 1.6;
    context.stroke();
  }
  if (!words) return;
  const label = scene.label(node), sub = scene.sub(node), high = sub ? y - 5 : y;
  context.font = scene.path.has(node) || mark !== undefined ? BOLD : FONT;
  context.fillStyle = mark === undefined && !scene.path.has(node) ? colours.ink : own;
  context.textAlign = "left";
  if (label) context.fillText(label, x + 10, high);
  const after = x + 10 + (label ? scene.measured(node) + 6 : 0);
  context.font = SMALL;
  context.fillStyle = colours.soft;
  if (closed) context.fillText(scene.count[node], after, high);
  if (sub) context.fillText(sub, x + 10, y + 8);
  if (node && scene.share) {
    context.textAlign = "right";
    context.fillStyle = scene.path.has(node) ? colours.accent : colours.soft;
    context.strokeStyle = colours.card;
    context.lineWidth = 3;
    context.strokeText(percent(scene.share(node)), x - 9, y - 8);
    context.fillText(percent(scene.share(node)), x - 9, y - 8);
  }
  scene.picture(node, x + scene.width(node), y);
}
