"use strict";
const known = JSON.parse(document.getElementById("data").textContent);
const at = (name) => document.querySelector(`[data-testid="${name}"]`);

function made(kind, text, parent, name) {
  const one = document.createElement(kind);
  if (text) one.textContent = text;
  if (name) one.className = name;
  parent.append(one);
  return one;
}

function row(said, tiles, name, parent) {
  made("h3", said, parent);
  const line = made("div", "", parent, `row ${name}`);
  for (const tile of tiles) {
    const figure = made("figure", "", line);
    const image = made("img", "", figure);
    image.src = tile.src;
    image.alt = tile.title;
    figure.title = tile.title;
    made("figcaption", tile.said, figure);
  }
}

at("title").textContent = known.title;
at("lead").textContent = known.lead;
at("stamp").hidden = !known.random;
for (const concept of known.concepts) {
  const card = made("article", "", at("concepts"), "tile concept");
  card.dataset.testid = "concept";
  made("h2", concept.name, card);
  const bar = made("meter", concept.importance, card);
  bar.max = known.top;
  bar.value = Math.max(0, concept.value);
  made("p", concept.importance, card, "units");
  row(known.words.crops, concept.crops, "crops", card);
  row(known.words.places, concept.maps, "maps", card);
}
for (const [name, value] of known.details) {
  made("dt", name, at("details"));
  made("dd", value, at("details"));
}
for (const said of known.notes) made("li", said, at("notes"));
at("app").hidden = false;
