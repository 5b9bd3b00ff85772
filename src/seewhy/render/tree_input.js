// What pointers do on a tree: one drags, two zoom, a short press is one on the node under it.
function listenToPointers(map, { under, pressed, moveBy, zoom }) {
  const down = new Map();
  let moved = false, spread = 0;
  const both = () => {
    const [a, b] = [...down.values()], box = map.getBoundingClientRect();
    return { far: Math.hypot(a.x - b.x, a.y - b.y), middle: [(a.x + b.x) / 2 - box.left, (a.y + b.y) / 2 - box.top] };
  };
  map.addEventListener("pointerdown", (event) => {
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    map.setPointerCapture(event.pointerId);
    moved = down.size > 1;
    if (down.size === 2) spread = both().far;
  });
  map.addEventListener("pointermove", (event) => {
    const one = down.get(event.pointerId);
    if (!one) {
      map.style.cursor = under(event) === undefined ? "" : "pointer";
      return;
    }
    const [dx, dy] = [event.clientX - one.x, event.clientY - one.y];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    moved = true;
    Object.assign(one, { x: event.clientX, y: event.clientY });
    if (down.size === 2) {
      const { far, middle: centre } = both();
      zoom(far / spread, centre);
      spread = far;
    } else {
      moveBy(dx, dy);
    }
  });
  const up = (event) => {
    const was = down.delete(event.pointerId), node = was && !moved && event.type === "pointerup" ? under(event) : undefined;
    if (node !== undefined) pressed(node);
  };
  map.addEventListener("pointerup", up);
  map.addEventListener("pointercancel", up);
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = map.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 400), [event.clientX - box.left, event.clientY - box.top]);
  }, { passive: false });
}
