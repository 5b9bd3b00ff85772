// Words in the reader's language: those of the catalogue, and what Python says in both.
import catalogue from "virtual:catalogue";
import type { Said } from "./types";

export type Lang = "en" | "zh";
export type Key = keyof typeof import("../../src/seewhy/lang/en.json");

const asking = new Set<() => void>();
let chosen: Lang = "en";

export const lang = (): Lang => chosen;

export function speak(language: Lang): void {
  if (language === chosen) return;
  chosen = language;
  for (const tell of asking) tell();
}

/** Tells whenever the language changes; returns what ends that. */
export function listen(tell: () => void): () => void {
  asking.add(tell);
  return () => asking.delete(tell);
}

/** A message, its {places} filled. Literal keys only: the build looks for them. */
export function word(key: Key, values: Record<string, string | number> = {}): string {
  return fill((catalogue as Record<Lang, Record<string, string>>)[chosen][key], values);
}

const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));

export const said = (one: Said): string => (typeof one === "string" ? one : one[chosen]);
