// Photos: dropped, pasted, chosen, taken, or one of the samples.
import { css, html, nothing, shared, word } from "../viewer";
import { photoAt, type Photo } from "./api";
import { Following } from "./following";

export class Intake extends Following {
  static override properties = { ...Following.properties, over: { state: true } };
  static override styles = [shared, css`
    :host { display: block; }
    .drop { border: 1.5px dashed var(--line); border-radius: 14px; padding: 14px; background: var(--card); display: grid; gap: 10px; }
    .drop.over { border-color: var(--accent); background: var(--accent-soft); }
    .drop p { margin: 0; color: var(--soft); font-size: 13.5px; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; }
    .first { grid-template-columns: minmax(0, 1fr); padding: clamp(24px, 7vh, 72px) 20px; text-align: center; justify-items: center; }
    .first .row { justify-content: center; }
    .photos { display: flex; gap: 8px; max-width: 100%; overflow-x: auto; padding: 4px; margin: 0 -4px; scrollbar-width: thin; }
    .photos button { flex: none; padding: 0; border: 2px solid transparent; border-radius: 10px; background: none; cursor: pointer; line-height: 0; }
    .photos button[aria-pressed="true"] { border-color: var(--accent); }
    .photos img { width: 58px; height: 58px; object-fit: cover; border-radius: 7px; background: var(--track); }
    .samples img { width: 92px; height: 68px; }
    .camera { display: none; }
    @media (pointer: coarse) { .camera { display: inline-block; } }
    input[type="file"] { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
  `];
  declare over: boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("paste", this.pasted);
    addEventListener("dragover", this.dragged);
    addEventListener("dragleave", this.left);
    addEventListener("drop", this.dropped);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("paste", this.pasted);
    removeEventListener("dragover", this.dragged);
    removeEventListener("dragleave", this.left);
    removeEventListener("drop", this.dropped);
  }

  override render() {
    const { session } = this, { photo } = session.state, first = !photo;
    return html`<div class="drop ${first ? "first" : ""} ${this.over ? "over" : ""}" data-testid="drop">
      ${first ? html`<h2>${word("drop_photo")}</h2>` : nothing}
      <div class="row">
        <button type="button" class="small" data-testid="choose" @click=${() => this.pick("file")}>${word("choose_photos")}</button>
        <button type="button" class="small camera" @click=${() => this.pick("camera")}>${word("take_photo")}</button>
        <input id="file" type="file" accept="image/*" multiple tabindex="-1" aria-hidden="true" data-testid="file" @change=${this.chosen}>
        <input id="camera" type="file" accept="image/*" capture="environment" tabindex="-1" aria-hidden="true" @change=${this.chosen}>
      </div>
      <p>${word("drop_hint")}</p>
      ${session.photos.length > 1 ? this.list(session.photos, "photos", photo) : nothing}
      ${session.samples.length && first ? html`<p>${word("or_a_sample")}</p>${this.list(session.samples, "samples", photo)}` : nothing}
      ${session.samples.length && !first ? html`<details><summary><small>${word("samples")}</small></summary>${this.list(session.samples, "samples", photo)}</details>` : nothing}
    </div>`;
  }

  private list(photos: readonly Photo[], id: string, current: Photo | null) {
    return html`<div class="photos ${id}" role="group" aria-label=${id === "samples" ? word("samples") : word("photo")} data-testid=${id}>${photos.map((photo) => html`
      <button type="button" aria-pressed=${String(photo.id === current?.id)} aria-label=${photo.name} title=${photo.name}
        @click=${() => this.session.choose({ photo })}><img src=${photoAt(photo.id)} alt="" loading="lazy" @error=${() => this.session.missed(photo)}></button>`)}</div>`;
  }

  private pick(id: string): void {
    this.renderRoot.querySelector<HTMLInputElement>(`#${id}`)!.click();
  }

  private chosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    void this.session.add([...(input.files ?? [])]);
    input.value = "";
  }

  private readonly pasted = (event: ClipboardEvent): void => this.take(event.clipboardData, event);
  private readonly dropped = (event: DragEvent): void => {
    this.over = false;
    this.take(event.dataTransfer, event);
  };

  private readonly dragged = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.over = true;
  };

  private readonly left = (event: DragEvent): void => {
    if (!event.relatedTarget) this.over = false;
  };

  private take(data: DataTransfer | null, event: Event): void {
    const files = [...(data?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    void this.session.add(files);
  }
}

customElements.define("seewhy-intake", Intake);
