// What hands do on a panel: point, zoom, drag, swipe, and the same by keys.
import type { Tile } from "./tile";
import { moved, seen, zoomed, type View } from "../view";

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 1.25; // times, a key's or a notch's zoom

export class Gestures {
  private held = new Map<number, PointerEvent>();
  private box!: HTMLElement;

  constructor(private readonly tile: Tile) {}

  listen(box: HTMLElement): void {
    this.box = box;
    box.addEventListener("pointerdown", (event) => this.down(event));
    box.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"] as const) box.addEventListener(kind, (event) => this.held.delete(event.pointerId));
    box.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    box.addEventListener("dblclick", (event) => this.look(this.tile.view.zoom > 1 ? zoomed(this.tile.view, 1) : this.closer(event, 3)));
    box.addEventListener("keydown", (event) => this.key(event));
  }

  private look(view: View): void {
    this.tile.dispatchEvent(new CustomEvent("look", { detail: view, bubbles: true, composed: true }));
  }

  /** A pointer's place in parts of the panel. */
  private part(event: MouseEvent): [number, number] {
    const box = this.box.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  private point(event: MouseEvent): void {
    const { photo, view } = this.tile, area = seen(view, photo.width, photo.height), [x, y] = this.part(event);
    this.at(area.left + x * area.width, area.top + y * area.height);
  }

  private at(x: number, y: number): void {
    const { photo } = this.tile, clamp = (value: number, size: number) => Math.min(Math.max(Math.floor(value), 0), size - 1);
    const detail = [clamp(x, photo.width), clamp(y, photo.height)];
    this.tile.dispatchEvent(new CustomEvent("point", { detail, bubbles: true, composed: true }));
  }

  private closer(event: MouseEvent, times: number): View {
    const { view } = this.tile, [x, y] = this.part(event);
    return zoomed(view, view.zoom * times, view.x + (x - 0.5) / view.zoom, view.y + (y - 0.5) / view.zoom);
  }

  private down(event: PointerEvent): void {
    this.held.set(event.pointerId, event);
    if (this.tile.view.zoom > 1 || this.tile.view.show === "swipe") this.box.setPointerCapture(event.pointerId);
    if (this.tile.view.show === "swipe") this.swipe(event);
    this.point(event);
  }

  private move(event: PointerEvent): void {
    const before = this.held.get(event.pointerId);
    const other = [...this.held.values()].find((one) => one.pointerId !== event.pointerId);
    if (before && other) this.pinch(before, event, other);
    else if (before && this.tile.view.show === "swipe") this.swipe(event);
    else if (before && this.tile.view.zoom > 1) this.drag(before, event);
    if (before) this.held.set(event.pointerId, event);
    this.point(event);
  }

  private drag(before: PointerEvent, now: PointerEvent): void {
    const [x, y] = this.part(before), [nx, ny] = this.part(now), { view } = this.tile;
    this.look(moved(view, (x - nx) / view.zoom, (y - ny) / view.zoom));
  }

  private pinch(before: PointerEvent, now: PointerEvent, other: PointerEvent): void {
    const apart = (a: PointerEvent) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY) || 1;
    this.look(this.closer(other, apart(now) / apart(before)));
  }

  private swipe(event: PointerEvent): void {
    const swipe = Math.min(Math.max(100 * this.part(event)[0], 0), 100);
    this.look({ ...this.tile.view, swipe });
  }

  /** With Ctrl or Command, as pages are scrolled by the wheel alone; a pinch on a touchpad comes as that. */
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.look(this.closer(event, Math.exp(-event.deltaY / (event.deltaMode ? 10 : 250))));
  }

  private key(event: KeyboardEvent): void {
    const { photo, view, at } = this.tile, arrow = ARROWS[event.key], [x, y] = at ?? [photo.width / 2, photo.height / 2];
    const zoom = { "+": view.zoom * STEP, "=": view.zoom * STEP, "-": view.zoom / STEP, "0": 1 }[event.key];
    if (!arrow && zoom === undefined) return;
    event.preventDefault();
    if (zoom !== undefined) return this.look(zoomed(view, zoom, (x + 0.5) / photo.width, (y + 0.5) / photo.height));
    const by = event.shiftKey ? 10 : 1;
    this.at(Math.floor(x) + by * arrow[0], Math.floor(y) + by * arrow[1]);
  }
}
