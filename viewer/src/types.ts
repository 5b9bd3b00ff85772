// What Python sends: render/shown.py writes these.
import type { Limits, Sign } from "./maps/scale";

/** A text that is the same in all languages, or one a language. */
export type Said = string | { en: string; zh: string };

export interface Prediction {
  index: number;
  label: Said;
  probability?: number;
  score?: number;
  similarity?: number;
}

export interface Shown {
  key?: string; // under which a server keeps it
  values: string; // base64 of little-endian float32
  rows: number;
  columns: number;
  input: [number, number];
  scale: [number, number];
  offset: [number, number];
  frame: [left: number, top: number, right: number, bottom: number] | null;
  sign: Sign;
  limits?: Limits; // of its sign in a plain view; not of a map that is on its way
  method: string;
  label: Said;
  target: Said;
  also: Said; // what tells it apart besides method and target
  score: Said;
  units: Said;
  random: boolean;
  model: string;
  explained: number | null;
  predictions: Prediction[];
  words: { title: Said; listed: [word: string, score: number][]; top: number } | null;
  details: [name: Said, value: Said][];
  notes: Said[];
  seconds?: number; // told where it was just made
  passes?: { forward: number; backward: number };
  partial?: boolean; // more samples are on their way
}

export interface Picture {
  name: string;
  width: number;
  height: number;
  src: string;
}

export interface Data {
  lang: "en" | "zh";
  photo: Picture;
  tables: Record<string, string>; // base64 of 256 colours each
  explanations: Shown[];
}
