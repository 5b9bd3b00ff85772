// What all elements share: the pages' style sheet, and the reader's language.
import { css, LitElement, unsafeCSS, type CSSResult } from "lit";
import sheet from "../../../src/seewhy/render/page.css?raw";
import { listen } from "../said";

/** The pages' own style sheet, for inside of an element. */
export const shared: CSSResult = css`${unsafeCSS(sheet.replace(/@property[^}]*}\s*/g, "").replaceAll(":root", ":host"))}`;

export { sheet };

export abstract class Speaking extends LitElement {
  private quiet?: () => void;

  override connectedCallback(): void {
    super.connectedCallback();
    this.quiet = listen(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.quiet?.();
  }

  /** Tell whoever holds this element. */
  protected tell(name: string, detail: unknown = null): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
