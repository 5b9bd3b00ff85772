// Styles of one element, set property by property: a style attribute would need a laxer content security policy.
import { noChange, type ElementPart } from "lit";
import { Directive, directive, PartType, type PartInfo } from "lit/directive.js";

class Styled extends Directive {
  private before: Record<string, string> = {};

  constructor(info: PartInfo) {
    super(info);
    if (info.type !== PartType.ELEMENT) throw new Error("styled() stands in an element's tag");
  }

  render(_properties: Record<string, string>): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [properties]: [Record<string, string>]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const name in this.before) if (!(name in properties)) style.removeProperty(name);
    for (const [name, value] of Object.entries(properties)) if (this.before[name] !== value) style.setProperty(name, value);
    this.before = { ...properties };
    return noChange;
  }
}

/** `<p ${styled({ left: "50%" })}>`: names as style sheets write them. */
export const styled = directive(Styled);
