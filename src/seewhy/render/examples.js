"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words } = data;
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  let pressed = null;

  function make(tag, text, parent) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  function lay(element, shares) {
    ["left", "top", "width", "height"].forEach((side, i) => (element.style[side] = `${100 * shares[i]}%`));
  }

  function choose(channel, one, button) {
    if (pressed) pressed.setAttribute("aria-pressed", "false");
    pressed = button;
    button.setAttribute("aria-pressed", "true");
    const name = data.names[one.photo], [row, column] = one.cell;
    find("chosen").textContent = fill(words.channel_number, { number: channel.number });
    find("photo").src = data.thumbs[one.photo];
    find("photo").alt = name;
    find("view").style.setProperty("--aspect", one.aspect);
    lay(find("box"), one.box);
    lay(find("mark"), one.mark);
    const listed = [[words.maximum, one.value], [words.photo, name], [words.cell, fill(words.row_and_column, { row, column })]];
    find("numbers").replaceChildren(...listed.flatMap(([term, said]) => [make("dt", term), make("dd", said)]));
    find("view").dataset.shown = `${channel.number} ${one.photo}`; // what is drawn, for those that wait for it
  }

  function begin() {
    find("title").textContent = data.title;
    find("lead").textContent = data.lead;
    find("stamp").hidden = !data.random;
    find("details").replaceChildren(...data.details.flatMap(([name, said]) => [make("dt", name), make("dd", said)]));
    for (const [name, listed] of [["notes", data.notes], ["failed", data.failed]]) {
      find(name).replaceChildren(...listed.map((said) => make("li", said)));
      find(name).hidden = !listed.length;
    }
    find("failed-box").hidden = !data.failed.length;
    for (const channel of data.channels) {
      make("h2", fill(words.channel_number, { number: channel.number }), find("channels"));
      const row = make("div", undefined, find("channels"));
      row.className = "row";
      for (const one of channel.examples) {
        const button = make("button", undefined, row), image = make("img", undefined, button);
        button.type = "button";
        image.src = one.src;
        image.alt = data.names[one.photo];
        make("span", one.value, button);
        button.addEventListener("click", () => choose(channel, one, button));
      }
    }
    find("app").hidden = false;
    const first = find("channels").querySelector("button");
    if (first) first.click();
  }

  begin();
})();
