(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, photo, steps } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const tables = Object.fromEntries(Object.entries(data.tables).map(([name, text]) => [name, bytes(text)]));
  const placing = { input: data.input, scale: data.scale, offset: data.offset };
  const maps = steps.map(({ map }) => map && { ...map, ...placing, values: floats(bytes(map.values)) });
  const mapped = maps.some(Boolean), fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const state = { pinned: 0, shown: -1, at: null };

  function make(tag, className, text, parent) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  const tableOf = (sign) => tables[sign === "all" ? "bluewhitered" : "inferno"];

  function paint(canvas, map) {
    const shrink = Math.min(1, 900 / Math.max(photo.width, photo.height));
    const width = Math.round(photo.width * shrink), height = Math.round(photo.height * shrink);
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height), out = image.data, colors = tableOf(map.sign);
    const columns = Array.from({ length: width }, (_, x) => place(map, 1, ((x + 0.5) * photo.width) / width));
    for (let y = 0; map.limit && y < height; y++) {
      const row = place(map, 0, ((y + 0.5) * photo.height) / height), line = row && blend(map, row);
      for (let x = 0, k = 4 * y * width; line && x < width; x++, k += 4) {
        const at = columns[x];
        if (!at) continue;
        const part = scaled(mix(line[at.low], line[at.high], at), map.sign, map.limit), from = rowOf(part, map.sign);
        out.set([colors[from], colors[from + 1], colors[from + 2], 255 * Math.abs(part)], k);
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function valueAt(x, y, step = state.shown) {
    const map = maps[step];
    return map ? sample(map, place(map, 0, y + 0.5), place(map, 1, x + 0.5)) : NaN;
  }

  function show(step) {
    if (step === state.shown) return;
    state.shown = step;
    const map = maps[step], { name, said } = steps[step];
    find("shown").textContent = map ? fill(words.tree_maps_of, { name, method: map.method }) : `${name} ${said}`;
    find("heat").hidden = !map;
    find("tools").hidden = !map;
    find("photo").classList.toggle("pale", Boolean(map && map.sign === "all" && map.limit));
    find("blank").hidden = !map || Boolean(map.limit);
    if (map) {
      paint(find("heat"), map);
      find("blank").textContent = map.sign === "positive" ? words.no_positive_evidence : words.score_never_moves;
      const parts = paintScale(find("bar"), map.sign, tableOf(map.sign));
      find("ticks").replaceChildren(...parts.map((part) => make("span", "", short(part * map.limit))));
    }
    read();
    find("view").dataset.step = step; // for those that wait for it
  }

  function pin(step) {
    state.pinned = Math.min(Math.max(step, 0), steps.length - 1);
    [...find("steps").querySelectorAll("button")].forEach((one, i) => one.setAttribute("aria-pressed", i === state.pinned));
    show(state.pinned);
  }

  function read() {
    const { at } = state, map = maps[state.shown];
    if (!at || !map) return;
    const found = valueAt(...at);
    find("value").textContent = Number.isNaN(found) ? words.outside_view : String(+found.toPrecision(5)).replace("-", "\u2212");
    find("value").dataset.raw = found;
    find("where").textContent = fill(words.pixel_at, { x: at[0], y: at[1] });
  }

  function amount(parent, className, name, said, share, tag) {
    const line = make("span", `line ${className}`, undefined, parent);
    make(tag, "", name, line);
    make(tag, "", said, line);
    make("i", "", undefined, make("span", "track", undefined, parent)).style.width = `${100 * share}%`;
  }

  function build(step, i) {
    const item = make("li"), button = make("button", "", undefined, item);
    button.type = "button";
    button.dataset.testid = `step-${i}`;
    amount(button, "", step.name, step.said, step.share, "b");
    const listed = step.rejected.slice(0, 3);
    for (const one of listed) amount(make("span", "no", undefined, button), "", `\u2715 ${one.name}`, one.said, one.share, "span");
    const more = step.rejected.length - listed.length;
    make("small", "", [more ? `+ ${more}` : "", step.reached, step.entropy].filter(Boolean).join(" · "), button);
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(i));
    button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(state.pinned));
    button.addEventListener("focus", () => button.matches(":focus-visible") && pin(i));
    button.addEventListener("click", () => pin(i));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], next = find(`step-${i + by}`);
      if (!by || !next) return;
      event.preventDefault();
      next.focus();
      pin(i + by);
    });
    return item;
  }

  function begin() {
    find("title").textContent = data.title;
    find("lead").textContent = data.lead;
    find("stamp").hidden = !data.random;
    find("photo").src = data.src;
    find("photo").alt = photo.name;
    find("view").style.setProperty("--aspect", photo.width / photo.height);
    if (data.frame) {
      const [left, top, right, bottom] = data.frame, { style } = find("frame");
      const across = (x) => `${(100 * x) / photo.width}%`, down = (y) => `${(100 * y) / photo.height}%`;
      Object.assign(style, { left: across(left), top: down(top), width: across(right - left), height: down(bottom - top) });
      find("frame").hidden = !mapped;
    }
    find("verdict").textContent = data.verdict;
    find("verdict").classList.toggle("differs", !data.agrees);
    find("details").replaceChildren(...data.details.flatMap(([name, said]) => [make("dt", "", name), make("dd", "", said)]));
    find("notes").replaceChildren(...data.notes.map((said) => make("li", "", said)));
    find("notes").hidden = !data.notes.length;
    find("steps").replaceChildren(...steps.map(build));
    const opacity = find("opacity"), fade = () => {
      find("heat").style.opacity = opacity.value / 100;
      find("opacity-value").textContent = `${opacity.value} %`;
    };
    opacity.value = 80;
    opacity.addEventListener("input", fade);
    fade();
    const point = (event) => {
      const box = find("view").getBoundingClientRect(), clamp = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
      const x = ((event.clientX - box.left) / box.width) * photo.width, y = ((event.clientY - box.top) / box.height) * photo.height;
      state.at = [clamp(x, photo.width), clamp(y, photo.height)];
      read();
    };
    for (const kind of ["pointermove", "pointerdown"]) find("view").addEventListener(kind, point);
    find("app").hidden = false;
    pin(steps.length - 1);
  }

  begin();
  window.seewhy = Object.freeze({ valueAt, state });
})();
