// A report's start, and a notebook's: the viewer with the data that stands beside it.
import { Viewer } from "./elements/viewer";
import { lang, listen, said, speak, word } from "./said";
import type { Data, Shown } from "./types";

// What the page is made of, too: one copy of each.
export { css, html, nothing, svg, LitElement, type PropertyValues } from "lit";
export { styled } from "./elements/styled";
export { Viewer };
export * from "./said";
export * from "./view";
export { predictions, amount } from "./elements/about";
export { shared, sheet, Speaking } from "./elements/base";

/** Show what a page holds in its element "data". */
function report(text: string): void {
  const data: Data = JSON.parse(text), viewer = document.querySelector<Viewer>("seewhy-viewer")!;
  const find = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`)!;
  speak(data.lang);
  let shown = data.explanations[0];
  const describe = () => {
    document.documentElement.lang = lang() === "zh" ? "zh-CN" : "en";
    find("title").textContent = word("why_label", { label: said(shown.label) });
    find("lead").textContent = word("looked_at", { model: shown.model, photo: data.photo.name });
    find("stamp").hidden = !shown.random;
    find("stamp").textContent = word("random_weights");
  };
  viewer.addEventListener("described", (event) => {
    shown = (event as CustomEvent<Shown>).detail;
    describe();
  });
  listen(describe);
  viewer.data = data;
  viewer.hidden = false;
}

interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(name: string, run: () => void): void;
}

/** What anywidget calls. */
function render({ model, el }: { model: Model; el: HTMLElement }): void {
  const viewer = document.createElement("seewhy-viewer") as Viewer;
  const take = () => {
    const data = model.get("data") as Data;
    speak(data.lang);
    viewer.data = data;
  };
  take();
  model.on("change:data", take);
  model.on("change:view", () => (viewer.view = { ...viewer.view, ...(model.get("view") as object) }));
  const give = (name: string, value: unknown) => {
    model.set(name, value);
    model.save_changes();
  };
  viewer.addEventListener("point", (event) => give("at", (event as CustomEvent).detail));
  viewer.addEventListener("look", (event) => give("view", (event as CustomEvent).detail));
  el.append(viewer);
}

export default { render };

const held = document.getElementById("data");
if (held?.textContent && document.querySelector("seewhy-viewer")) report(held.textContent);
