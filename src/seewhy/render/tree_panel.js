// What stands beside a tree: what the page is about, what is known of a node, and the marked classes.
function make(tag, text, parent) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function introduce(find, data) {
  find("title").textContent = data.title;
  find("lead").textContent = data.lead;
  find("stamp").hidden = !data.random;
  find("photo-box").hidden = !data.photo;
  if (data.photo) {
    find("photo").src = data.photo.src;
    find("photo").alt = data.photo.name;
    find("says").textContent = data.photo.says;
  }
  find("details").replaceChildren(...data.details.flatMap(([name, said]) => [make("dt", name), make("dd", said)]));
  find("notes").replaceChildren(...data.notes.map((said) => make("li", said)));
  find("notes").hidden = !data.notes.length;
}

function tell(find, { name, way, listed, leaf, spoken, shots }) {
  find("node").textContent = name;
  find("way").textContent = way.join(" \u203a ");
  find("about").replaceChildren(...listed.flatMap(([what, said]) => [make("dt", what), make("dd", said)]));
  find("shots").replaceChildren(...shots);
  find("mark").hidden = !leaf;
  find("spoken").textContent = spoken;
}

function chip(id, name, colour, pressed) {
  const made = make("button");
  made.type = "button";
  made.dataset.testid = id;
  make("i", undefined, made).style.background = colour;
  make("span", `${name} \u2715`, made);
  made.addEventListener("click", pressed);
  return made;
}
