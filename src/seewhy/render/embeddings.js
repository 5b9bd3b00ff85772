"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, names, points, nearest, cell, across } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const form = find("controls"), map = find("map"), canvas = find("canvas"), tip = find("tip");
  const sheets = data.sheets.map((src) => Object.assign(new Image(), { src }));
  // scale: how many times the whole map; x, y: what of the map, which spans 0 to 1, is in the middle of the view.
  const state = { scale: 1, x: 0.5, y: 0.5, chosen: -1, over: -1, matches: null, drag: null };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const short = (name) => name.split(/[\\/]/).pop();

  function make(tag, text, parent) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  const side = () => 0.88 * Math.min(map.clientWidth, map.clientHeight) * state.scale;
  const onView = ([x, y]) => [map.clientWidth / 2 + (x - state.x) * side(), map.clientHeight / 2 - (y - state.y) * side()];
  const faded = (i) => state.matches && !state.matches.has(i);

  function stamp(context, i, left, top, size) {
    const sheet = sheets[Math.floor(i / across ** 2)], at = i % across ** 2;
    if (!sheet || !sheet.complete || !sheet.naturalWidth) return false;
    context.drawImage(sheet, cell * (at % across), cell * Math.floor(at / across), cell, cell, left, top, size, size);
    return true;
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1, size = +form.size.value;
    canvas.width = map.clientWidth * ratio;
    canvas.height = map.clientHeight * ratio;
    const context = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const near = new Set(state.chosen < 0 ? [] : nearest[state.chosen].map(([i]) => i));
    const order = [...points.keys()].sort((a, b) => rank(a, near) - rank(b, near));
    for (const i of order) {
      const [x, y] = onView(points[i]);
      if (x < -size || y < -size || x > map.clientWidth + size || y > map.clientHeight + size) continue;
      context.globalAlpha = faded(i) ? 0.12 : 1;
      if (!stamp(context, i, x - size / 2, y - size / 2, size)) {
        context.fillStyle = style.getPropertyValue("--soft");
        context.beginPath();
        context.arc(x, y, Math.max(3, size / 8), 0, 7);
        context.fill();
      }
      if (i !== state.chosen && i !== state.over && !near.has(i)) continue;
      context.strokeStyle = style.getPropertyValue(i === state.chosen || i === state.over ? "--accent" : "--ink");
      context.lineWidth = i === state.chosen ? 3 : 1.5;
      context.strokeRect(x - size / 2, y - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }

  // What is drawn later lies on top.
  const rank = (i, near) => (i === state.over ? 4 : i === state.chosen ? 3 : near.has(i) ? 2 : faded(i) ? 0 : 1);

  function under(event) {
    const box = map.getBoundingClientRect(), half = Math.max(6, form.size.value / 2);
    let best = -1, least = Infinity;
    points.forEach((one, i) => {
      if (faded(i)) return;
      const [x, y] = onView(one), off = Math.max(Math.abs(event.clientX - box.left - x), Math.abs(event.clientY - box.top - y));
      if (off <= half && off < least) [best, least] = [i, off];
    });
    return best;
  }

  function hover(event) {
    const box = map.getBoundingClientRect(), over = under(event);
    tip.hidden = over < 0;
    if (over >= 0) {
      tip.textContent = names[over];
      tip.style.left = `${Math.min(event.clientX - box.left + 14, map.clientWidth - 40)}px`;
      tip.style.top = `${event.clientY - box.top + 16}px`;
    }
    if (over !== state.over) {
      state.over = over;
      draw();
    }
  }

  function list(title, found, own, src) {
    find("nearest-title").textContent = fill(words.nearest_to, { name: short(title) });
    find("own").hidden = own < 0;
    find("own-query").hidden = own >= 0 || !src;
    if (own >= 0) picture(find("own"), own);
    else if (src) find("own-query").src = src;
    find("nearest").replaceChildren(...found.map(([i, similarity]) => {
      const item = make("li"), button = make("button", undefined, item), small = make("canvas", undefined, button);
      button.type = "button";
      button.title = names[i];
      picture(small, i);
      make("b", similarity.toFixed(3), button);
      make("span", short(names[i]), button);
      button.addEventListener("click", () => choose(i, true));
      return item;
    }));
  }

  function picture(small, i) {
    small.width = small.height = cell;
    stamp(small.getContext("2d"), i, 0, 0, cell);
  }

  function choose(i, go) {
    state.chosen = i;
    if (go) [state.x, state.y] = points[i];
    list(names[i], nearest[i], i);
    map.dataset.chosen = names[i];
    draw();
  }

  function search() {
    const asked = form.find.value.trim().toLowerCase();
    const found = [...names.keys()].filter((i) => names[i].toLowerCase().includes(asked));
    state.matches = asked ? new Set(found) : null;
    find("count").textContent = fill(asked ? words.photos_match : words.photos_on_map, { count: asked ? found.length : names.length });
    if (asked && found.length && !found.includes(state.chosen)) choose(found[0], false);
    else draw();
  }

  function zoom(times, event) {
    const box = map.getBoundingClientRect(), before = side();
    const from = event ? [event.clientX - box.left - map.clientWidth / 2, event.clientY - box.top - map.clientHeight / 2] : [0, 0];
    state.scale = Math.min(Math.max(state.scale * times, 0.5), 200);
    const change = 1 / before - 1 / side();
    state.x += from[0] * change;
    state.y -= from[1] * change;
    draw();
  }

  function listen() {
    map.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), event);
    }, { passive: false });
    map.addEventListener("pointerdown", (event) => {
      state.drag = { x: event.clientX, y: event.clientY, moved: false };
      map.setPointerCapture(event.pointerId);
    });
    map.addEventListener("pointermove", (event) => {
      if (!state.drag) return hover(event);
      const [dx, dy] = [event.clientX - state.drag.x, event.clientY - state.drag.y];
      if (!state.drag.moved && Math.hypot(dx, dy) < 4) return;
      Object.assign(state.drag, { x: event.clientX, y: event.clientY, moved: true });
      state.x -= dx / side();
      state.y += dy / side();
      draw();
    });
    map.addEventListener("pointerup", (event) => {
      const still = state.drag && !state.drag.moved, at = still ? under(event) : -1;
      state.drag = null;
      if (at >= 0) choose(at, false);
    });
    map.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "+" || event.key === "=") zoom(1.3);
      else if (event.key === "-") zoom(1 / 1.3);
      else if (by) {
        state.x += (40 * by[0]) / side();
        state.y += (40 * by[1]) / side();
        draw();
      } else return;
      event.preventDefault();
    });
    form.addEventListener("input", ({ target }) => (target.name === "find" ? search() : draw()));
    form.addEventListener("submit", (event) => event.preventDefault());
    find("reset").addEventListener("click", () => {
      Object.assign(state, { scale: 1, x: 0.5, y: 0.5 });
      draw();
    });
    new ResizeObserver(draw).observe(map);
  }

  async function begin() {
    find("title").textContent = data.title;
    find("lead").textContent = data.lead;
    find("stamp").hidden = !data.random;
    find("details").replaceChildren(...data.details.flatMap(([name, said]) => [make("dt", name), make("dd", said)]));
    for (const [name, listed] of [["notes", data.notes], ["failed", data.failed]]) {
      find(name).replaceChildren(...listed.map((said) => make("li", said)));
      find(name).hidden = !listed.length;
    }
    find("failed-box").hidden = !data.failed.length;
    form.reset();
    find("app").hidden = false;
    await Promise.all(sheets.map((one) => one.decode().catch(() => null)));
    listen();
    search();
    if (data.query) list(data.query.name, data.query.nearest, -1, data.query.src);
    else choose(0, false);
    map.dataset.ready = "yes"; // for those that wait for it
  }

  begin();
  window.seewhy = Object.freeze({ at: (i) => onView(points[i]), state });
})();
