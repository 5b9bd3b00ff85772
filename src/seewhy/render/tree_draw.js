// How a tree is drawn on a canvas: only what is in view, and words only where they can be read.
const MARKS = ["#1687c9", "#2f9e57", "#9a5fd0", "#b98f14", "#149aa3", "#d23c7c", "#5b6ee1", "#7b8190"];
const FONT = '13px system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const SMALL = FONT.replace("13px", "10.5px"), BOLD = `600 ${FONT}`;
const READABLE = 0.45; // of the scale, below which there are no words
const LARGEST = 50; // names that are shown from afar
const CROWD = 500; // nodes in view, as there are only where they lie on each other: on their way to their places

function coloursNow() {
  const style = getComputedStyle(document.documentElement), own = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(["card", "ink", "soft", "line", "track", "accent"].map((name) => [name, own(name)]));
}

function percent(share) {
  const said = (100 * share).toFixed(1);
  return said === "100.0" && share < 1 ? ">99.9%" : said === "0.0" && share > 0 ? "<0.1%" : `${said}%`;
}

// scene: { seen, at(node) -> [x, y] on the view, z: the scale, ratio of the screen, size: [width, height] of the view,
// width(node), above, colours, label, sub, count, kids, open, marks (node -> colours), path, reached, share(node), focus,
// matches, picture(node, x) }. A node is drawn around a point of its own, in pixels before the scale.
function drawTree(context, scene) {
  const { z, ratio, size: [across, down] } = scene, edges = new Map(), shown = [];
  for (const node of scene.seen) {
    const [x, y] = scene.at(node), wide = z * scene.width(node);
    if (node) {
      const parent = scene.above[node], [px, py] = scene.at(parent), from = px + z * scene.width(parent);
      if (Math.max(y, py) >= 0 && Math.min(y, py) <= down && x >= 0 && from <= across) edge(edges, scene, node, [from, py, x - 5 * z, y]);
    }
    if (y > -30 * z && y < down + 30 * z && x < across + 60 * z && x + wide + 140 * z > 0) shown.push([node, x, y]);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const style of [...edges.values()].sort((a, b) => a.rank - b.rank)) {
    context.strokeStyle = style.colour;
    context.lineWidth = Math.max(style.rank ? 1.4 : 0.6, z * style.width);
    context.stroke(style.path);
  }
  const words = z >= READABLE && shown.length < CROWD;
  for (const [node, x, y] of shown) {
    context.setTransform(ratio * z, 0, 0, ratio * z, ratio * x, ratio * y);
    drawNode(context, scene, node, words);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (z < READABLE) nameLargest(context, scene, shown);
  return shown.length;
}

// From afar: the names of the branches with most classes and of the ends of ways, where none lies on another.
function nameLargest(context, scene, shown) {
  const { colours } = scene, taken = [], rank = (node) => (ends(node) ? Infinity : scene.count[node]);
  const ends = (node) => !scene.kids[node].length && (scene.marks.has(node) || scene.path.has(node));
  const named = shown.filter(([node]) => scene.label(node) && (scene.kids[node].length || ends(node)));
  context.textAlign = "left";
  context.lineWidth = 4;
  context.strokeStyle = colours.card;
  for (const [node, x, y] of named.sort((a, b) => rank(b[0]) - rank(a[0]))) {
    if (taken.length >= LARGEST) break;
    const box = [x + 6, y - 9, x + 10 + scene.measured(node), y + 9];
    if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
    taken.push(box);
    const mark = (scene.marks.get(node) || [])[0], own = scene.path.has(node) ? colours.accent : colours.ink;
    context.font = ends(node) ? BOLD : FONT;
    context.fillStyle = mark === undefined ? own : MARKS[mark];
    context.strokeText(scene.label(node), x + 8, y);
    context.fillText(scene.label(node), x + 8, y);
  }
}

function edge(edges, scene, node, [x0, y0, x1, y1]) {
  const marks = scene.marks.get(node) || [], onPath = scene.path.has(node), { colours } = scene;
  const width = scene.reached ? 1.2 + 5.8 * Math.round(scene.reached[node] * 12) / 12 : 1.2;
  const plain = `${colours.soft}66`, own = onPath ? [colours.accent] : marks.length ? [] : [plain];
  const listed = [...own, ...marks.map((mark) => MARKS[mark])], each = listed.length > 1 || marks.length ? Math.max(2.2, width / listed.length) : width;
  listed.forEach((colour, i) => {
    const key = `${colour} ${each}`, off = scene.z * (each + 0.6) * (i - (listed.length - 1) / 2), middle = (x0 + x1) / 2;
    if (!edges.has(key)) edges.set(key, { colour, width: each, rank: marks.length ? 2 : onPath ? 1 : 0, path: new Path2D() });
    const { path } = edges.get(key);
    path.moveTo(x0, y0 + off);
    path.bezierCurveTo(middle, y0 + off, middle, y1 + off, x1, y1 + off);
  });
}

function drawNode(context, scene, node, words) {
  const { colours } = scene, inner = scene.kids[node].length, closed = inner && !scene.open.has(node);
  const mark = (scene.marks.get(node) || [])[0], own = mark === undefined ? (scene.path.has(node) ? colours.accent : inner ? colours.ink : colours.soft) : MARKS[mark];
  if (scene.focus === node || scene.matches.has(node)) {
    context.beginPath();
    context.roundRect(-9, -12, scene.width(node) + 12, 24, 8);
    context.fillStyle = scene.matches.has(node) ? `${colours.accent}2e` : colours.track;
    context.fill();
    if (scene.focus === node) {
      context.strokeStyle = colours.accent;
      context.lineWidth = 1.5;
      context.stroke();
    }
  }
  context.beginPath();
  context.arc(0, 0, Math.max(inner ? 5 : 3, (inner ? 0.7 : 1.1) / scene.z), 0, 7);
  context.fillStyle = closed || !inner ? own : colours.card;
  context.fill();
  if (inner) {
    context.strokeStyle = own;
    context.lineWidth = Math.min(1.6, 0.4 / scene.z + 1);
    context.stroke();
  }
  if (!words) return;
  const label = scene.label(node), sub = scene.sub(node), high = sub ? -5 : 0;
  context.font = scene.path.has(node) || mark !== undefined ? BOLD : FONT;
  context.fillStyle = mark === undefined && !scene.path.has(node) ? colours.ink : own;
  context.textAlign = "left";
  if (label) context.fillText(label, 10, high);
  const after = 10 + (label ? scene.measured(node) + 6 : 0);
  context.font = SMALL;
  context.fillStyle = colours.soft;
  if (closed) context.fillText(scene.count[node], after, high);
  if (sub) context.fillText(sub, 10, 8);
  if (node && scene.share) {
    context.textAlign = "right";
    context.fillStyle = scene.path.has(node) ? colours.accent : colours.soft;
    context.strokeStyle = colours.card;
    context.lineWidth = 3;
    context.strokeText(percent(scene.share(node)), -9, -8);
    context.fillText(percent(scene.share(node)), -9, -8);
  }
  scene.picture(node, scene.width(node));
}
