(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, photo } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const form = find("controls");
  const tables = Object.fromEntries(Object.entries(data.tables).map(([name, text]) => [name, bytes(text)]));
  const maps = data.explanations.map((one) => ({ ...one, values: floats(bytes(one.values)) }));
  const state = { current: 0, shown: new Set(maps.keys()), at: null };
  let tiles = [];

  function make(tag, className, text, parent) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  function valueAt(x, y, index = state.current) {
    const map = maps[index];
    return sample(map, place(map, 0, y + 0.5), place(map, 1, x + 0.5));
  }

  const signOf = (map) => (form.sign.value === "auto" ? map.sign : form.sign.value);
  const tableOf = (sign) => tables[form.colors.value === "auto" ? (sign === "all" ? "bluewhitered" : "inferno") : form.colors.value];

  function paint(canvas, map, width, height, solid) {
    const sign = signOf(map), limit = map.limits[sign], colors = tableOf(sign);
    const fade = !solid && form.fade.checked;
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height), out = image.data;
    const columns = Array.from({ length: width }, (_, x) => place(map, 1, ((x + 0.5) * photo.width) / width));
    for (let y = 0; limit && y < height; y++) {
      const row = place(map, 0, ((y + 0.5) * photo.height) / height);
      const line = row && blend(map, row);
      for (let x = 0, k = 4 * y * width; line && x < width; x++, k += 4) {
        const at = columns[x];
        if (!at) continue;
        const value = mix(line[at.low], line[at.high], at), part = scaled(value, sign, limit);
        const from = rowOf(part, sign);
        out[k] = colors[from];
        out[k + 1] = colors[from + 1];
        out[k + 2] = colors[from + 2];
        out[k + 3] = fade ? 255 * Math.abs(part) : 255;
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function buildTile(index) {
    const map = maps[index], tile = make("figure", "tile");
    tile.dataset.testid = `tile-${index}`;
    const caption = make("figcaption", "", undefined, tile);
    make("b", "", map.method, caption);
    make("span", "", map.target, caption);
    if (map.also) make("span", "", map.also, caption);
    make("span", "", map.score, caption);
    const view = make("div", "view", undefined, tile);
    view.tabIndex = 0;
    view.setAttribute("role", "application");
    view.setAttribute("aria-label", `${[map.method, map.target, map.also].filter(Boolean).join(", ")}. ${words.keys_hint}`);
    view.style.setProperty("--aspect", photo.width / photo.height);
    const picture = make("img", "", undefined, view);
    picture.src = photo.src;
    picture.alt = photo.name;
    picture.draggable = false;
    const canvas = make("canvas", "", undefined, view);
    canvas.dataset.testid = `heat-${index}`;
    if (map.frame) addFrame(view, map.frame);
    const cross = make("div", "cross", undefined, view);
    const blank = make("p", "blank", "", view);
    blank.dataset.testid = `blank-${index}`;
    const scale = make("div", "scale", undefined, tile), strip = make("div", "strip", undefined, scale);
    const bar = make("canvas", "", undefined, strip), mark = make("i", "", undefined, strip);
    const ticks = make("div", "ticks", undefined, scale), units = make("p", "units", "", scale);
    ticks.dataset.testid = `ticks-${index}`;
    const readout = make("p", "readout", undefined, tile);
    readout.setAttribute("aria-live", "polite");
    if (map.words) addWords(tile, map.words, index);
    const value = make("b", "", "", readout), where = make("span", "", "", readout);
    value.dataset.testid = `value-${index}`;
    where.dataset.testid = `where-${index}`;
    listen(view);
    for (const kind of ["pointerdown", "focusin"]) tile.addEventListener(kind, () => describe(index));
    return { index, map, tile, picture, canvas, cross, blank, scale, bar, mark, ticks, units, value, where };
  }

  function addWords(tile, { title, listed, top }, index) {
    const strip = make("p", "words", undefined, tile), colors = tables.bluewhitered;
    strip.dataset.testid = `words-${index}`;
    make("span", "", title, strip);
    for (const [word, score] of listed) {
      const from = rowOf(top ? score / top : 0, "all"), color = [...colors.slice(from, from + 3)];
      const mark = make("b", "", word, strip), dark = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2] < 128;
      mark.style.background = `rgb(${color.join(" ")})`;
      mark.style.color = dark ? "#fff" : "#1c1c21";
      make("small", "", short(score), mark);
      mark.dataset.raw = score;
    }
  }

  function addFrame(view, [left, top, right, bottom]) {
    const style = make("div", "frame", undefined, view).style;
    style.left = `${(100 * left) / photo.width}%`;
    style.top = `${(100 * top) / photo.height}%`;
    style.width = `${(100 * (right - left)) / photo.width}%`;
    style.height = `${(100 * (bottom - top)) / photo.height}%`;
  }

  function listen(view) {
    const point = (event) => {
      const box = view.getBoundingClientRect();
      move(((event.clientX - box.left) / box.width) * photo.width, ((event.clientY - box.top) / box.height) * photo.height);
    };
    view.addEventListener("pointermove", point);
    view.addEventListener("pointerdown", point);
    view.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      const [x, y] = state.at || [photo.width / 2, photo.height / 2], by = event.shiftKey ? 10 : 1;
      move(Math.floor(x) + by * step[0], Math.floor(y) + by * step[1]);
    });
  }

  function move(x, y) {
    const clamp = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
    state.at = [clamp(x, photo.width), clamp(y, photo.height)];
    tiles.forEach(read);
  }

  function read({ index, map, cross, mark, value, where }) {
    cross.hidden = mark.hidden = !state.at;
    if (!state.at) return;
    const [x, y] = state.at, found = valueAt(x, y, index), sign = signOf(map);
    const part = scaled(found, sign, map.limits[sign]);
    cross.style.left = `${(100 * (x + 0.5)) / photo.width}%`;
    cross.style.top = `${(100 * (y + 0.5)) / photo.height}%`;
    mark.hidden = Number.isNaN(found) || !map.limits[sign];
    mark.style.left = `${100 * (sign === "all" ? (part + 1) / 2 : part)}%`;
    value.textContent = Number.isNaN(found) ? words.outside_view : String(+found.toPrecision(5)).replace("-", "\u2212");
    value.dataset.raw = found;
    where.textContent = words.pixel_at.replace("{x}", x).replace("{y}", y);
  }

  function draw(one) {
    const { map, picture, canvas, blank, scale } = one, view = form.view.value, sign = signOf(map);
    const shrink = Math.min(1, 900 / Math.max(photo.width, photo.height)), limit = map.limits[sign];
    paint(canvas, map, Math.round(photo.width * shrink), Math.round(photo.height * shrink), view === "heat");
    canvas.hidden = view === "photo";
    canvas.style.opacity = view === "heat" ? 1 : form.opacity.value / 100;
    picture.style.opacity = view === "heat" && limit ? 0.18 : 1;
    picture.classList.toggle("pale", view === "both" && sign === "all" && Boolean(limit));
    blank.hidden = Boolean(limit);
    blank.textContent = { positive: words.no_positive_evidence, negative: words.no_negative_evidence }[sign] || words.score_never_moves;
    scale.hidden = !limit || view === "photo";
    drawScale(one, sign, limit);
    read(one);
  }

  function drawScale({ map, bar, ticks, units }, sign, limit) {
    const parts = paintScale(bar, sign, tableOf(sign));
    ticks.replaceChildren(...parts.map((part) => make("span", "", short(part * (sign === "negative" ? -limit : limit)))));
    const clipped = map.peaks[sign] > limit ? `; ${words.largest.replace("{value}", short(map.peaks[sign]))}` : "";
    units.textContent = map.units + clipped;
  }

  function setOpacity() {
    find("opacity-value").textContent = `${form.opacity.value} %`;
    if (form.view.value === "both") tiles.forEach((one) => (one.canvas.style.opacity = form.opacity.value / 100));
  }

  function change(event) {
    if (event.target.name === "opacity") setOpacity();
    else if (event.target.name === "beside") arrange();
    else redraw();
  }

  function redraw() {
    setOpacity();
    form.opacity.disabled = form.fade.disabled = form.view.value !== "both";
    tiles.forEach(draw);
  }

  function arrange() {
    const beside = form.beside.checked, stage = find("stage");
    const shown = beside ? [...maps.keys()].filter((i) => state.shown.has(i)) : [state.current];
    tiles = shown.map(buildTile);
    stage.className = beside ? "stage beside" : "stage";
    stage.replaceChildren(...tiles.map((one) => one.tile));
    [...find("chips").children].forEach((chip, i) => chip.setAttribute("aria-pressed", shown.includes(i)));
    describe(state.current);
    redraw();
  }

  function describe(index) {
    const map = maps[index];
    state.current = index;
    tiles.forEach((one) => one.tile.classList.toggle("current", one.index === index));
    find("title").textContent = words.why_label.replace("{label}", () => map.label);
    find("lead").textContent = words.looked_at.replace("{model}", () => map.model).replace("{photo}", () => photo.name);
    find("stamp").hidden = !map.random;
    find("predictions").replaceChildren(...map.predictions.map((one) => {
      const item = make("li", one.index === map.explained ? "explained" : "");
      const line = make("div", "", undefined, item);
      make("span", "", one.label, line);
      if (one.similarity) make("em", "", one.similarity, line);
      const sure = one.probability !== undefined; // else it is a score, which has no whole to be a part of
      make("span", "", sure ? `${(100 * one.probability).toFixed(1)} %` : one.score, line);
      if (sure) make("i", "", undefined, make("p", "", undefined, item)).style.width = `${100 * one.probability}%`;
      return item;
    }));
    find("details").replaceChildren(...map.details.flatMap(([name, said]) => [make("dt", "", name), make("dd", "", said)]));
    find("notes").replaceChildren(...map.notes.map((note) => make("li", "", note)));
    find("notes").hidden = !map.notes.length;
  }

  function choose(index) {
    const removed = form.beside.checked && state.shown.has(index) && state.shown.size > 1;
    if (removed) state.shown.delete(index);
    else state.shown.add(index);
    state.current = removed ? [...state.shown][0] : index;
    arrange();
  }

  function buildChips() {
    const size = Math.min(photo.width, photo.height) / 76;
    maps.forEach((map, index) => {
      const chip = make("button", "", undefined, find("chips"));
      chip.type = "button";
      chip.dataset.testid = `chip-${index}`;
      const thumb = make("canvas", "", undefined, chip);
      paint(thumb, map, Math.round(photo.width / size), Math.round(photo.height / size), true);
      const said = make("span", "", map.method, chip);
      make("small", "", map.target, said);
      if (map.also) make("small", "", map.also, said);
      chip.addEventListener("click", () => choose(index));
    });
    find("chips").hidden = form.beside.parentElement.hidden = maps.length < 2;
  }

  function buildChoices() {
    const add = (select, value, text) => select.add(new Option(text, value));
    add(form.colors, "auto", words.automatic);
    for (const name of Object.keys(tables)) {
      add(form.colors, name, name === "jet" ? words.hides_structure.replace("{name}", name) : name);
    }
    add(form.sign, "auto", words.as_published);
    for (const sign of ["all", "positive", "negative", "absolute"]) add(form.sign, sign, words[`sign_${sign}`]);
  }

  buildChoices();
  form.reset();
  buildChips();
  form.addEventListener("input", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  arrange();
  find("app").hidden = false;
  window.seewhy = Object.freeze({ valueAt, explanations: maps.length });
})();
