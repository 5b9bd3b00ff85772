(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, photo, tensors } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const form = find("controls");
  const tables = Object.fromEntries(Object.entries(data.tables).map(([name, text]) => [name, bytes(text)]));
  const held = tensors.map(() => null); // promises of what is unpacked
  const state = { tensor: 0, chosen: 0, shown: null };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function make(tag, text, parent) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  const one = () => tensors[state.tensor];
  const sign = () => (one().signed ? "all" : "positive");
  const colors = () => tables[form.colors.value === "auto" ? (one().signed ? "bluewhitered" : "inferno") : form.colors.value];

  async function unpack(tensor) {
    const stream = new Blob([bytes(tensor.packed)]).stream().pipeThrough(new DecompressionStream("deflate"));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer()), n = 4 * tensor.channels.length;
    return { low: floats(raw.slice(0, n)), step: floats(raw.slice(n, 2 * n)), codes: raw.subarray(2 * n) };
  }

  function valuesOf(i) {
    const { low, step, codes } = state.shown, cells = one().rows * one().columns;
    return Float32Array.from(codes.subarray(i * cells, (i + 1) * cells), (code) => low[i] + step[i] * code);
  }

  // What is drawn in the strongest colour: the channel's own largest absolute value, or that of all channels.
  function limitOf(i) {
    if (form.scaling.value === "shared" || one().rows * one().columns === 1) return one().top;
    const { low, high } = one().channels[i];
    return Math.max(Math.abs(low), Math.abs(high));
  }

  function paint(canvas, i) {
    const { rows, columns } = one(), image = new ImageData(columns, rows), limit = limitOf(i), table = colors();
    valuesOf(i).forEach((value, at) => {
      const from = rowOf(scaled(value, sign(), limit), sign());
      image.data.set([table[from], table[from + 1], table[from + 2], 255], 4 * at);
    });
    canvas.width = columns;
    canvas.height = rows;
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  async function show() {
    const tensor = state.tensor;
    held[tensor] ||= unpack(tensors[tensor]);
    const found = await held[tensor];
    if (tensor !== state.tensor) return; // another was chosen meanwhile
    state.shown = found;
    const { channels, shape, dead, kind } = one();
    const said = fill(words.channels_shown, { shown: channels.length, all: shape[0], dead });
    find("told").textContent = `${kind} · ${shape.join(" × ")} · ${said}`;
    find("channels").replaceChildren(...channels.map((channel, i) => {
      const button = make("button"), canvas = make("canvas", undefined, button);
      button.type = "button";
      make("span", fill(words.channel_number, { number: channel.number }), button);
      button.addEventListener("click", () => choose(i));
      paint(canvas, i);
      return button;
    }));
    const others = one().others;
    find("others-box").hidden = !others.length;
    find("others").replaceChildren(...others.flatMap((other) => [make("dt", other.name), make("dd", `${short(other.low)} … ${short(other.high)}`)]));
    choose(Math.min(state.chosen, channels.length - 1));
  }

  function choose(i) {
    state.chosen = i;
    [...find("channels").children].forEach((button, at) => button.setAttribute("aria-pressed", at === i));
    const { placed, rows, columns, shape } = one(), channel = one().channels[i];
    find("channel").textContent = fill(words.channel_number, { number: channel.number });
    find("view").hidden = !placed;
    find("alone").hidden = placed;
    paint(placed ? find("heat") : find("alone"), i);
    const at = [(channel.cell[1] + 0.5) / shape[2], (channel.cell[0] + 0.5) / shape[1]];
    find("cross").hidden = !placed;
    if (placed) point(find("cross"), ...at);
    const where = channel.pixel ? fill(words.pixel_at, { x: channel.pixel[0], y: channel.pixel[1] }) : words.nowhere_on_photo;
    const listed = [
      [words.minimum, short(channel.low)], [words.maximum, short(channel.high)], [words.mean_value, short(channel.mean)],
      [words.active_share, `${(100 * channel.active).toFixed(1)} %`], [words.maximum_at, where],
      [words.shape, `${shape[1]} × ${shape[2]}`],
    ];
    find("numbers").replaceChildren(...listed.flatMap(([name, said]) => [make("dt", name), make("dd", said)]));
    const limit = limitOf(i), parts = paintScale(find("bar"), sign(), colors());
    find("ticks").replaceChildren(...parts.map((part) => make("span", short(part * limit))));
    find("view").dataset.shown = `${one().name} ${channel.number}`; // what is drawn, for those that wait for it
  }

  // Shares of the network's input as shares of the photo.
  function onPhoto(x, y) {
    const across = data.input[1] / data.scale[1] / photo.width, down = data.input[0] / data.scale[0] / photo.height;
    return [x * across - data.offset[1] / data.scale[1] / photo.width, y * down - data.offset[0] / data.scale[0] / photo.height];
  }

  function point(element, x, y) {
    [element.style.left, element.style.top] = onPhoto(x, y).map((part) => `${100 * part}%`);
  }

  function lay(element) {
    const [left, top] = onPhoto(0, 0), [right, bottom] = onPhoto(1, 1);
    Object.assign(element.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%` });
  }

  function begin() {
    find("title").textContent = data.title;
    find("lead").textContent = data.lead;
    find("stamp").hidden = !data.random;
    find("photo").src = data.src;
    find("photo").alt = photo.name;
    find("view").style.setProperty("--aspect", photo.width / photo.height);
    lay(find("heat"));
    lay(find("frame"));
    find("frame").hidden = !data.frame;
    tensors.forEach((tensor, i) => form.tensor.add(new Option(tensor.name, i)));
    form.colors.add(new Option(words.automatic, "auto"));
    for (const name of Object.keys(tables)) form.colors.add(new Option(name, name));
    find("details").replaceChildren(...data.details.flatMap(([name, said]) => [make("dt", name), make("dd", said)]));
    find("notes").replaceChildren(...data.notes.map((said) => make("li", said)));
    find("notes").hidden = !data.notes.length;
    form.reset();
    form.addEventListener("input", () => {
      state.tensor = +form.tensor.value;
      show();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    const opacity = find("opacity"), fade = () => (find("heat").style.opacity = opacity.value / 100);
    opacity.addEventListener("input", fade);
    fade();
    find("app").hidden = false;
    if (typeof DecompressionStream === "undefined") find("told").textContent = words.old_browser;
    else show();
  }

  begin();
})();
