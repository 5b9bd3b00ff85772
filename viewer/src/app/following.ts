// Elements of the page: what they show follows the session.
import { Speaking } from "../viewer";
import type { Session } from "./session";

export abstract class Following extends Speaking {
  static override properties = { session: { attribute: false } };
  declare session: Session;
  private readonly again = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.addEventListener("change", this.again);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.session.removeEventListener("change", this.again);
  }
}
