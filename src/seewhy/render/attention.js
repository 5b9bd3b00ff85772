(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, photo, calls } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const form = find("controls"), view = find("view");
  const tables = Object.fromEntries(Object.entries(data.tables).map(([name, text]) => [name, bytes(text)]));
  const held = calls.map(() => null); // promises of what is unpacked
  // at, over: the patch asked for and the one read, as shares of the network's input from its top left; null where it
  // did not look.
  const state = { layer: calls.length - 1, token: "pointer", at: [0.5, 0.5], over: undefined, pinned: false, shown: null };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function make(tag, text, parent) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  const call = () => calls[state.layer];
  const reversed = () => form.direction.value === "by";
  const own = () => (reversed() ? call().keys : call().queries); // whose token is chosen
  const other = () => (reversed() ? call().queries : call().keys); // what is coloured
  const how = () => (/^\d+$/.test(form.head.value) ? Number(form.head.value) : form.head.value);
  const nameOf = ({ kind, number }) => fill(words[`token_${kind}`], { number });

  // Of a pixel of the photo, the place on the network's input as shares of it; null where it did not look.
  function placeOf(x, y) {
    const found = [y, x].map((at, axis) => (data.scale[axis] * (at + 0.5) + data.offset[axis]) / data.input[axis]);
    return found.some((one) => one < 0 || one > 1) ? null : [found[1], found[0]];
  }

  function cellOf(place, tokens) {
    if (!place || !tokens.at.length) return -1;
    const [column, row] = [[0, tokens.columns], [1, tokens.rows]].map(([axis, n]) => Math.min(Math.floor(place[axis] * n), n - 1));
    return row * tokens.columns + column;
  }

  // The token asked for in this layer: what was chosen, or the nearest to it that this layer has.
  function asked() {
    const tokens = own(), names = tokens.others.map((one) => `${one.kind}-${one.number}`);
    if (names.includes(state.token)) return state.token;
    if (tokens.at.length) return state.token === "mean" ? "mean" : "pointer";
    return names[0];
  }

  function chosen(token) {
    const tokens = own();
    if (token === "mean") return tokens.at;
    if (token === "pointer") return [tokens.at[cellOf(state.at, tokens)]];
    return [tokens.others.findIndex((one) => `${one.kind}-${one.number}` === token)];
  }

  async function show() {
    const layer = state.layer;
    held[layer] ||= unpacked(calls[layer]);
    const weights = await held[layer];
    if (layer !== state.layer) return; // the slider went on meanwhile
    const reverse = reversed();
    state.shown = { ...attended(call(), weights, how(), chosen(asked()), reverse), layer, reverse };
    draw();
    read();
    view.dataset.layer = layer; // what is drawn, for those that wait for it
  }

  // Whether what was computed last is of what is asked for now; else it is being computed.
  const ready = () => state.shown && state.shown.layer === state.layer && state.shown.reverse === reversed();
  const limitOf = (cells) => cells.reduce((most, one) => (Number.isNaN(one) ? most : Math.max(most, call().signed ? Math.abs(one) : one)), 0);
  const tableOf = () => tables[form.colors.value === "auto" ? (call().signed ? "bluewhitered" : "inferno") : form.colors.value];

  function draw() {
    if (!ready()) return;
    const { rows, columns } = other(), { cells } = state.shown, canvas = find("heat");
    const limit = limitOf(cells), sign = call().signed ? "all" : "positive", colors = tableOf();
    canvas.hidden = !cells.length;
    canvas.style.opacity = form.opacity.value / 100;
    if (cells.length) {
      canvas.width = columns;
      canvas.height = rows;
      const image = new ImageData(columns, rows);
      cells.forEach((one, i) => {
        if (Number.isNaN(one)) return; // another window: the photo shows
        const from = rowOf(scaled(one, sign, limit), sign);
        image.data.set([colors[from], colors[from + 1], colors[from + 2], 255], 4 * i);
      });
      canvas.getContext("2d").putImageData(image, 0, 0);
    }
    drawScale(limit, sign, colors);
    tell();
  }

  function drawScale(limit, sign, colors) {
    const parts = paintScale(find("bar"), sign, colors);
    find("ticks").replaceChildren(...parts.map((part) => make("span", short(part * limit))));
  }

  function tell() {
    const token = asked(), { cells, others } = state.shown, blank = find("blank");
    const place = token === "pointer" ? patchText(cellOf(state.at, own()), own()) : "";
    const named = own().others.find((one) => `${one.kind}-${one.number}` === token);
    find("asked").textContent = place || (named ? nameOf(named) : words.token_mean);
    find("pinned").hidden = !(state.pinned && token === "pointer");
    for (const chip of find("tokens").children) chip.setAttribute("aria-pressed", chip.dataset.token === token);
    const sum = cells.reduce((total, one) => total + (one || 0), 0);
    const listed = [...other().others.map((one, i) => [nameOf(one), others[i]]), [words.all_patches, sum]];
    find("others").replaceChildren(...listed.flatMap(([name, value]) => [make("dt", name), make("dd", short(value))]));
    blank.hidden = own().at.length > 0;
    blank.textContent = words.no_patch_asks;
    mark(find("chosen"), token === "pointer" ? cellOf(state.at, own()) : -1, own());
  }

  const patchText = (cell, { columns }) => fill(words.patch_at, { row: Math.floor(cell / columns), column: cell % columns });

  // Lay an element over a part of the network's input, given in shares of it.
  function lay(element, left, top, width, height) {
    const across = data.input[1] / data.scale[1] / photo.width, down = data.input[0] / data.scale[0] / photo.height;
    const x = -data.offset[1] / data.scale[1] / photo.width, y = -data.offset[0] / data.scale[0] / photo.height;
    element.style.left = `${100 * (x + left * across)}%`;
    element.style.top = `${100 * (y + top * down)}%`;
    element.style.width = `${100 * width * across}%`;
    element.style.height = `${100 * height * down}%`;
  }

  function mark(element, cell, { rows, columns }) {
    element.hidden = cell < 0;
    if (cell >= 0) lay(element, (cell % columns) / columns, Math.floor(cell / columns) / rows, 1 / columns, 1 / rows);
  }

  // The value under the pointer, of the patch there.
  function read() {
    if (!ready()) return;
    const cell = cellOf(state.over, other()), value = cell < 0 ? NaN : state.shown.cells[cell];
    mark(find("read"), cell, other());
    find("value").dataset.raw = value;
    const known = cell < 0 ? (state.over === null ? words.outside_view : "") : Number.isNaN(value) ? words.other_window : short(value);
    find("value").textContent = known;
    find("where").textContent = cell < 0 ? "" : patchText(cell, other());
  }

  function move(place) {
    state.over = place;
    const follows = place && asked() === "pointer" && !state.pinned;
    if (follows && cellOf(place, own()) !== cellOf(state.at, own())) {
      state.at = place;
      show();
    } else {
      if (follows) state.at = place;
      read();
    }
  }

  // Pin the patch at a place, or let it go where it is pinned already.
  function pin(place) {
    if (!place || !own().at.length) return;
    const same = asked() === "pointer" && cellOf(place, own()) === cellOf(state.at, own());
    state.pinned = !(same && state.pinned);
    Object.assign(state, { token: "pointer", at: place, over: place });
    show();
  }

  function choose(token) {
    Object.assign(state, { token, pinned: false });
    show();
  }

  function setLayer() {
    state.layer = +form.layer.value;
    const one = call(), head = form.head.value;
    const number = fill(words.layer_of, { number: state.layer + 1, total: calls.length });
    find("layer-name").textContent = `${one.layer} (${number})`;
    const heads = one.fused ? [one.fused] : ["mean", "max", "min", ...Array(one.stored).keys()].map(String);
    const said = (name) => words[`heads_${name}`] || fill(words.head_number, { number: name });
    form.head.replaceChildren(...heads.map((name) => new Option(said(name), name)));
    form.head.value = heads.includes(head) ? head : heads[0];
    describe();
    setTokens();
  }

  function setTokens() {
    const tokens = own(), patches = tokens.at.length ? [["pointer", words.token_pointer], ["mean", words.token_mean]] : [];
    const listed = [...patches, ...tokens.others.map((one) => [`${one.kind}-${one.number}`, nameOf(one)])];
    find("tokens").replaceChildren(...listed.map(([token, said]) => {
      const chip = make("button", said);
      chip.type = "button";
      chip.dataset.token = token;
      chip.addEventListener("click", () => choose(token));
      return chip;
    }));
    show();
  }

  function describe() {
    const one = call(), grid = (tokens) => [tokens.others.length || "", tokens.at.length ? `${tokens.rows} × ${tokens.columns}` : ""].filter(Boolean).join(" + ");
    const stored = fill(words.stored_levels, { levels: one.levels + 1, error: one.error });
    const both = [...new Set([grid(one.queries), grid(one.keys)])].join(" → ");
    const listed = [...data.details, [words.layer, one.layer], [words.tokens, both], [words.stored, stored]];
    find("details").replaceChildren(...listed.flatMap(([name, said]) => [make("dt", name), make("dd", said)]));
  }

  function listen() {
    const place = (event) => {
      const box = view.getBoundingClientRect();
      const [x, y] = [((event.clientX - box.left) / box.width) * photo.width, ((event.clientY - box.top) / box.height) * photo.height];
      return placeOf(x - 0.5, y - 0.5);
    };
    view.addEventListener("pointermove", (event) => move(place(event)));
    view.addEventListener("click", (event) => pin(place(event)));
    view.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") pin(state.over || state.at);
      else if (event.key === "Escape") choose("pointer");
      else if (!step(event.key)) return;
      event.preventDefault();
    });
    form.addEventListener("input", ({ target }) => {
      if (target.name === "layer") setLayer();
      else if (target.name === "direction") setTokens();
      else if (target.name === "opacity" || target.name === "colors") draw();
      else show();
      find("opacity-value").textContent = `${form.opacity.value} %`;
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  function step(key) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    const { rows, columns } = asked() === "pointer" && !state.pinned ? own() : other();
    if (!by || !rows) return Boolean(by);
    const from = state.over || state.at, cell = cellOf(from, { rows, columns, at: [0] });
    const to = (at, step, n) => (Math.min(Math.max(at + step, 0), n - 1) + 0.5) / n;
    move([to(cell % columns, by[0], columns), to(Math.floor(cell / columns), by[1], rows)]);
    return true;
  }

  function begin() {
    find("title").textContent = data.title;
    find("lead").textContent = data.lead;
    find("stamp").hidden = !data.random;
    find("photo").src = data.src;
    find("photo").alt = photo.name;
    view.style.setProperty("--aspect", photo.width / photo.height);
    view.setAttribute("aria-label", words.pin_hint);
    lay(find("heat"), 0, 0, 1, 1);
    lay(find("frame"), 0, 0, 1, 1);
    find("frame").hidden = !data.frame;
    form.colors.add(new Option(words.automatic, "auto"));
    for (const name of Object.keys(tables)) form.colors.add(new Option(name, name));
    find("notes").replaceChildren(...data.notes.map((one) => make("li", one)));
    find("notes").hidden = !data.notes.length;
    form.reset();
    form.layer.max = calls.length - 1;
    form.layer.value = state.layer;
    find("opacity-value").textContent = `${form.opacity.value} %`;
    listen();
    setLayer();
    find("app").hidden = false;
  }

  begin();
  if (typeof DecompressionStream === "undefined") {
    find("blank").textContent = words.old_browser;
    find("blank").hidden = false;
  }
  window.seewhy = Object.freeze({ placeOf, cellOf: (x, y) => cellOf(placeOf(x, y), other()), shown: () => state.shown });
})();
