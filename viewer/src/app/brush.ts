// What a brush covers: cells of a grid that spans the photo.
const LONGEST = 160; // cells of the longer side

export class Brush {
  rows = 1;
  columns = 1;
  private mask = new Uint8Array(1);
  private at: [number, number] = [0.5, 0.5]; // of the keyboard's brush

  constructor(private readonly changed: () => void) {}

  fit(width: number, height: number): void {
    const shrink = LONGEST / Math.max(width, height);
    [this.columns, this.rows] = [width, height].map((side) => Math.max(1, Math.round(side * shrink)));
    this.mask = new Uint8Array(this.rows * this.columns);
  }

  clear(): void {
    this.mask.fill(0);
    this.changed();
  }

  /** Cover, or uncover, a disc; x, y and size in parts of the photo's width and height, size of the longer side. */
  dab(x: number, y: number, size: number, off: boolean): void {
    const radius = Math.max((size * Math.max(this.rows, this.columns)) / 2, 0.6), cx = x * this.columns, cy = y * this.rows;
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        if (Math.hypot(column + 0.5 - cx, row + 0.5 - cy) <= radius) this.mask[row * this.columns + column] = off ? 0 : 1;
      }
    }
    this.at = [x, y];
    this.changed();
  }

  /** Arrow keys move the brush, space and Enter use it. */
  key(name: string, size: number, off: boolean): boolean {
    const step: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (name === " " || name === "Enter") this.dab(...this.at, size, off);
    else if (step[name]) {
      this.at = this.at.map((one, i) => Math.min(Math.max(one + step[name][i] * Math.max(size / 2, 0.01), 0), 1)) as [number, number];
      this.changed();
    } else return false;
    return true;
  }

  asEdit(): { kind: "brush"; rows: number; columns: number; mask: string } {
    let text = "";
    for (const one of this.mask) text += String.fromCharCode(one);
    return { kind: "brush", rows: this.rows, columns: this.columns, mask: btoa(text) };
  }

  draw(canvas: HTMLCanvasElement): void {
    if (canvas.width !== this.columns || canvas.height !== this.rows) [canvas.width, canvas.height] = [this.columns, this.rows];
    const image = new ImageData(this.columns, this.rows), out = new Uint32Array(image.data.buffer);
    for (let i = 0; i < out.length; i++) out[i] = this.mask[i] ? 0xff3a5cff : 0;
    const [x, y] = [Math.floor(this.at[0] * (this.columns - 1)), Math.floor(this.at[1] * (this.rows - 1))];
    out[y * this.columns + x] = 0xffffffff;
    canvas.getContext("2d")!.putImageData(image, 0, 0);
  }
}
