(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, ids, names, labels, cell, across } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const form = find("controls"), map = find("map"), canvas = find("canvas"), context = canvas.getContext("2d");
  const tree = grown(data), sheets = data.sheets.map((src) => Object.assign(new Image(), { src }));
  const shares = data.shares && floats(bytes(data.shares)), reached = data.reached && floats(bytes(data.reached));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const MANY = 500; // nodes that appear at once without moving to their places
  const path = new Set(data.path), gap = shares ? 72 : 40, wide = new Map();
  const state = { open: new Set(), focus: 0, view: { k: 1, x: 0, y: 0 }, lay: null, old: null, marked: [], marks: new Map(), matches: new Set(), found: [], before: null, frames: [] };
  let colours = coloursNow(), asked = 0, moving = null;

  const kids = () => (form.unnamed.checked ? tree.full : tree.short);
  const above = () => (form.unnamed.checked ? tree.parents : tree.above);
  const label = (node) => labels[node] || names[node];
  const called = (node) => label(node) || ids[node];
  const pictures = (node) => (form.pictures.checked && data.pictures[node]) || [];
  const share = (node) => reached[node] / (reached[above()[node]] || 1);

  function wayTo(node) {
    const way = [node];
    while (above()[way[0]] >= 0) way.unshift(above()[way[0]]);
    return way;
  }

  function measured(node) {
    if (!wide.has(node)) {
      context.font = BOLD;
      wide.set(node, context.measureText(label(node)).width);
    }
    return wide.get(node);
  }

  // From a node's circle to where its edges begin; pictures lie behind it.
  function width(node) {
    const text = label(node) ? measured(node) + 14 : 8, closed = kids()[node].length && !state.open.has(node) ? 26 : 0;
    return Math.max(text + closed, form.ids.checked ? 16 + 6.4 * ids[node].length : 0);
  }

  const row = (node) => (pictures(node).length && !kids()[node].length ? 46 : form.ids.checked ? 34 : 25);

  // Laying out

  function at(node) {
    const x = state.lay.x.get(node), y = state.lay.y.get(node);
    if (!moving) return [x, y];
    const [fx, fy] = moving.start.get(node), { part } = moving;
    return [fx + (x - fx) * part, fy + (y - fy) * part];
  }

  // How far a unit goes across: of a tree that is seen whole, which is much higher than wide, more than down.
  function spread(k, lay = state.lay) {
    if (k >= READABLE || lay.whole >= READABLE) return k;
    return k * (1 + (lay.stretch - 1) * Math.min(1, Math.log(READABLE / k) / Math.log(READABLE / lay.whole)));
  }

  function onView([x, y], { k, x: left, y: top } = state.view) {
    return [left + spread(k) * x, top + k * y];
  }

  function layOut() {
    const start = performance.now(), lay = laid(kids(), above(), state.open, { width, row, gap });
    lay.right = 0;
    for (const node of lay.seen) lay.right = Math.max(lay.right, lay.x.get(node) + width(node) + (kids()[node].length ? 0 : 44 * pictures(node).length));
    lay.whole = Math.min((map.clientWidth - 48) / (lay.right + 20), (map.clientHeight - 32) / lay.bottom, 1.15);
    lay.stretch = (map.clientWidth - 48) / (lay.whole * (lay.right + 20));
    state.laid = performance.now() - start;
    return lay;
  }

  // Lay the tree out anew; `held` stays where it is on the screen.
  function arrange(held = -1, whole = false) {
    const old = state.lay, places = new Map(), view = { ...state.view };
    if (old) for (const node of old.seen) places.set(node, at(node));
    const before = places.has(held) ? onView(places.get(held)) : null;
    state.lay = layOut();
    if (before) {
      view.x = before[0] - spread(view.k) * state.lay.x.get(held);
      view.y = before[1] - view.k * state.lay.y.get(held);
    }
    const from = (node) => {
      while (!places.has(node) && node > 0) node = above()[node];
      return places.get(node) || [0, 0];
    };
    const fresh = state.lay.seen.reduce((sum, node) => sum + !places.has(node), 0);
    go(whole ? fitted() : view, old && fresh < MANY ? from : null, fresh >= MANY);
  }

  function go(view, from = null, jump = false) {
    const still = jump || matchMedia("(prefers-reduced-motion: reduce)").matches || !state.lay || (!from && !moving && map.dataset.ready !== "yes");
    if (still) {
      state.view = view;
      moving = null;
      return draw();
    }
    const keep = from || ((node) => [state.lay.x.get(node), state.lay.y.get(node)]);
    const start = new Map(state.lay.seen.map((node) => [node, keep(node)]));
    moving = { from: keep, start, part: 0, began: performance.now(), first: { ...state.view }, last: view };
    draw();
  }

  function step(now) {
    if (!moving) return;
    const t = Math.min(1, Math.max(0, (now - moving.began) / 220)), { first, last } = moving;
    moving.part = t * (2 - t);
    for (const name of ["k", "x", "y"]) state.view[name] = first[name] + (last[name] - first[name]) * moving.part;
    if (t === 1) moving = null;
  }

  function draw() {
    if (!asked) asked = requestAnimationFrame(paint);
  }

  function paint(now) {
    asked = 0;
    step(now);
    const start = performance.now(), ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(map.clientWidth * ratio) || canvas.height !== Math.round(map.clientHeight * ratio)) {
      canvas.width = Math.round(map.clientWidth * ratio);
      canvas.height = Math.round(map.clientHeight * ratio);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.textBaseline = "middle";
    state.drawn = drawTree(context, {
      seen: state.lay.seen, at: (node) => onView(at(node)), z: state.view.k, ratio, size: [map.clientWidth, map.clientHeight], width, above: above(), colours, label, measured, count: tree.count, kids: kids(), open: state.open,
      sub: (node) => (form.ids.checked ? ids[node] : ""), marks: state.marks, path, reached, share: reached && share,
      focus: state.focus, matches: state.matches, picture,
    });
    state.frames.push(performance.now() - start);
    if (state.frames.length > 500) state.frames.shift();
    if (map.dataset.ready !== "yes") {
      map.dataset.ready = "yes"; // for those that wait for it
      state.first = performance.now();
    }
    if (moving) draw();
    else map.dataset.still = "yes";
  }

  function stamp(into, number, left, top, size) {
    const sheet = sheets[Math.floor(number / across ** 2)], place = number % across ** 2;
    if (sheet && sheet.complete && sheet.naturalWidth) into.drawImage(sheet, cell * (place % across), cell * Math.floor(place / across), cell, cell, left, top, size, size);
  }

  function shot(number) {
    const small = make("canvas");
    small.width = small.height = cell;
    stamp(small.getContext("2d"), number, 0, 0, cell);
    return small;
  }

  function picture(node, x) {
    if (kids()[node].length) return;
    pictures(node).forEach((number, i) => stamp(context, number, x + 4 + 44 * i, -20, 40));
  }

  // Moving

  const middle = () => [map.clientWidth / 2, map.clientHeight / 2];

  function zoom(times, [x, y] = middle()) {
    if (moving) Object.assign(state.view, moving.last), (moving = null);
    const { view } = state, k = Math.min(Math.max(view.k * times, Math.min(0.5, state.lay.whole)), 6);
    const [wide, high] = [spread(k) / spread(view.k), k / view.k];
    Object.assign(view, { k, x: x - (x - view.x) * wide, y: y - (y - view.y) * high });
    draw();
  }

  function fitted() {
    const { whole: k, right, bottom } = state.lay;
    return { k, x: 28 + Math.max(0, (map.clientWidth - 48 - spread(k) * right) / 2), y: (map.clientHeight - k * bottom) / 2 };
  }

  // The whole tree where it can be read, else its root.
  function beginning() {
    const whole = fitted();
    if (whole.k >= 0.62) return whole;
    const k = 0.85, y = state.lay.y.get(0);
    return { k, x: 28, y: map.clientHeight / 2 - k * y };
  }

  function centred(node) {
    const k = Math.min(Math.max(state.view.k, 0.8), 1.6), { x, y } = state.lay; // where both axes are alike
    return { k, x: map.clientWidth * 0.45 - k * (x.get(node) + width(node) / 2), y: map.clientHeight / 2 - k * y.get(node) };
  }

  function show(node) {
    for (const one of wayTo(node).slice(0, -1)) state.open.add(one);
    focus(node);
    arrange();
    go(centred(node), moving ? moving.from : null);
  }

  // Into view, moved no further than it takes.
  function reveal(node) {
    const view = moving ? moving.last : state.view, { k, x, y } = view;
    const [left, top] = onView([state.lay.x.get(node), state.lay.y.get(node)], view);
    const right = Math.min(left + k * width(node), left + map.clientWidth - 120);
    const dx = left < 40 ? 40 - left : right > map.clientWidth - 20 ? map.clientWidth - 20 - right : 0;
    const dy = top < 30 ? 30 - top : top > map.clientHeight - 30 ? map.clientHeight - 30 - top : 0;
    if (dx || dy) go({ k, x: x + dx, y: y + dy }, moving ? moving.from : null);
    else draw();
  }

  function toggle(node) {
    if (!kids()[node].length) return mark(node);
    if (state.open.has(node)) state.open.delete(node);
    else {
      state.open.add(node);
      for (let only = kids()[node]; only.length === 1 && kids()[only[0]].length; only = kids()[only[0]]) state.open.add(only[0]);
    }
    focus(node);
    arrange(node);
  }

  // Marks: the ways to classes, each in its colour

  function mark(leaf) {
    const been = state.marked.find((one) => one.leaf === leaf);
    if (been) state.marked = state.marked.filter((one) => one !== been);
    else {
      const taken = new Set(state.marked.map((one) => one.colour));
      const free = [...MARKS.keys()].find((i) => !taken.has(i));
      state.marked.push({ leaf, colour: free ?? state.marked.length % MARKS.length });
    }
    marked();
    draw();
  }

  function marked() {
    state.marks = new Map();
    for (const { leaf, colour } of state.marked) {
      for (let node = leaf; node >= 0; node = data.parents[node]) state.marks.set(node, [...(state.marks.get(node) || []), colour]);
    }
    find("marks").replaceChildren(...state.marked.map(({ leaf, colour }) => chip(`mark-${ids[leaf]}`, called(leaf), MARKS[colour], () => mark(leaf))));
  }

  // What is known of a node

  function focus(node) {
    const inner = tree.full[node].length, way = wayTo(node), listed = [["ID", ids[node]]];
    if (inner) listed.push([words.tree_below, tree.count[node]]);
    listed.push([words.tree_depth, way.length - 1]);
    if (reached && node) listed.push([words.tree_share, percent(share(node))], [words.tree_all_way, percent(reached[node])]);
    const closed = kids()[node].length ? (state.open.has(node) ? words.tree_opened : words.tree_closed) : "";
    const spoken = [called(node), inner && fill(words.tree_classes, { count: tree.count[node] }), reached && node && percent(share(node)), closed];
    state.focus = node;
    map.dataset.focus = ids[node];
    tell(find, {
      name: called(node), way: way.slice(0, -1).filter(label).map(called), listed, leaf: !inner,
      spoken: spoken.filter(Boolean).join(", "), shots: (data.pictures[node] || []).map(shot),
    });
  }

  function search(on = 0) {
    const text = form.find.value.trim().toLowerCase();
    const hits = (node) => label(node).toLowerCase().includes(text) || names[node].toLowerCase().includes(text) || ids[node].toLowerCase() === text;
    if (!text) {
      state.matches = new Set();
      state.found = [];
      find("count").textContent = "";
      if (state.before) state.open = state.before;
      state.before = null;
      return arrange(state.lay.x.has(state.focus) ? state.focus : 0);
    }
    state.before ||= new Set(state.open);
    const exact = (node) => (label(node).toLowerCase() === text ? 0 : 1);
    state.found = [...ids.keys()].filter((node) => hits(node) && !(tree.passed(node) && !form.unnamed.checked)).sort((a, b) => exact(a) - exact(b) || a - b);
    state.matches = new Set(state.found);
    const total = state.found.length;
    if (!total) {
      find("count").textContent = fill(words.tree_found, { at: 0, count: 0 });
      return draw();
    }
    state.at = on ? (state.at + on + total) % total : 0;
    find("count").textContent = fill(words.tree_found, { at: state.at + 1, count: total });
    for (const node of state.found.slice(0, 40)) for (const one of wayTo(node).slice(0, -1)) state.open.add(one);
    show(state.found[state.at]);
  }

  // What the user does

  function under(event) {
    const box = map.getBoundingClientRect(), { k } = state.view, [px, py] = [event.clientX - box.left, event.clientY - box.top];
    return state.lay.seen.find((node) => {
      const [x, y] = onView(at(node)), reach = k * (width(node) + (kids()[node].length ? 0 : 44 * pictures(node).length));
      return Math.abs(y - py) <= Math.max(12 * k, 9) && px >= x - Math.max(10 * k, 10) && px <= x + Math.max(reach, 14);
    });
  }

  function keys(event) {
    const node = state.focus, { seen } = state.lay, own = kids()[node], i = seen.indexOf(node);
    const to = (next) => next !== undefined && next >= 0 && (focus(next), reveal(next));
    const does = {
      ArrowDown: () => to(seen[i + 1]),
      ArrowUp: () => to(seen[i - 1]),
      ArrowRight: () => (own.length && !state.open.has(node) ? (toggle(node), reveal(node)) : to(own[0])),
      ArrowLeft: () => (own.length && state.open.has(node) ? toggle(node) : to(above()[node])),
      Enter: () => toggle(node),
      " ": () => toggle(node),
      Home: () => to(0),
      End: () => to(seen[seen.length - 1]),
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(0.8),
      0: () => go(fitted()),
      "/": () => form.find.focus(),
    }[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    does();
  }

  function everything() {
    for (const node of ids.keys()) if (tree.full[node].length) state.open.add(node);
    arrange(-1, true);
  }

  function few() {
    const ways = [data.path, ...state.marked.map((one) => wayTo(one.leaf))].map((way) => way.slice(0, -1));
    state.open = firstOpen(kids(), tree.count, ways, data.rows);
    focus(0);
    arrange();
    go(beginning(), moving ? moving.from : null);
  }

  function begin() {
    introduce(find, data);
    form.reset();
    find("pictures-box").hidden = !data.sheets.length;
    form.unnamed.parentElement.hidden = !ids.some((_, node) => tree.passed(node));
    find("app").hidden = false;
    for (const leaf of data.marked) mark(leaf);
    listenToPointers(map, {
      under,
      zoom,
      moveBy(dx, dy) {
        if (moving) Object.assign(state.view, moving.last), (moving = null);
        state.view.x += dx;
        state.view.y += dy;
        draw();
      },
      pressed(node) {
        if (!kids()[node].length) focus(node);
        toggle(node);
      },
    });
    map.addEventListener("keydown", keys);
    form.find.addEventListener("input", () => search());
    form.find.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && state.found.length) search(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") (form.find.value = ""), search(), map.focus();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["unnamed", "ids", "pictures"]) form[name].addEventListener("input", () => {
      if (tree.passed(state.focus) && !form.unnamed.checked) focus(tree.above[state.focus]);
      arrange(state.focus);
    });
    const buttons = { whole: () => go(fitted()), all: everything, few, in: () => zoom(1.3), out: () => zoom(1 / 1.3), mark: () => mark(state.focus) };
    for (const [name, does] of Object.entries(buttons)) find(name).addEventListener("click", does);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      colours = coloursNow();
      draw();
    });
    new ResizeObserver(() => {
      if (state.lay) Object.assign(state.lay, (({ whole, stretch }) => ({ whole, stretch }))(layOut()));
      draw();
    }).observe(map);
    for (const sheet of sheets) sheet.decode().then(() => (draw(), focus(state.focus)), () => null);
    few();
  }

  begin();
  window.seewhy = Object.freeze({
    state, ids, shares, reached, wayTo, share, percent,
    at: (node) => onView([state.lay.x.get(node), state.lay.y.get(node)]),
    seen: (node) => state.lay.x.has(node), moving: () => Boolean(moving || asked),
  });
})();
