// The server, as its page asks it.
import type { Prediction, Said, Shown } from "../types";

export interface Problem {
  code: string;
  problem: string;
  hint: string;
}

export interface Option {
  name: string;
  help: string;
  default: string | number | boolean | null;
  low?: number;
  high?: number;
  choices?: string[];
}

export interface Method {
  id: string;
  title: string;
  family: string;
  offered: boolean;
  reason: string;
  cost: string;
  summary: string;
  options: Option[];
}

export interface Model {
  id: string;
  name: string;
  weights: string;
  classes: number;
  texts: boolean;
  first: string; // the method for readers who choose none
  methods: Method[];
  fills?: string[];
}

export interface Photo {
  id: string;
  width: number;
  height: number;
  name: string;
}

export interface Card {
  title: string;
  answers: string;
  misleads: string;
  use: string;
  cost: string;
  summary: string;
  paper: string;
  link: string;
}

export interface Cost {
  method: string;
  forward: number | null;
  backward: number | null;
  seconds: number | null;
}

export interface Cell {
  method: string;
  target: string;
  key: string;
  ready: boolean;
}

export interface Job {
  id: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  before: number;
  photo: string;
  model: string;
  cells: Cell[];
  calls?: Calls;
}

export interface Calls {
  python: string | null;
  command: string | null;
}

export interface Asked {
  id: string;
  options: Record<string, string>;
}

export interface Wish {
  photo: string;
  model: string;
  methods: Asked[];
  targets: string[];
  seed?: number;
  score?: string;
}

export interface Layer {
  name: string;
  rows: number;
  columns: number;
  channels: number;
  default: boolean;
}

export interface Curve {
  shares: number[];
  values: number[];
  area: number;
}

export type Found = Shown & { key: string; seconds: number; passes: { forward: number; backward: number }; calls: Calls; class: number | null };
/** Of work: its cells, and the results of those that are ready. */
export interface Kept {
  cells: Cell[];
  results: Found[];
}

/** What was asked for before the page was there, as JSON; null where it was refused. */
export interface Early {
  asked: string;
  answer: Promise<Kept | null>;
}

export interface Edited {
  predictions: Prediction[];
  classes: Prediction[];
  covered: number;
  picture?: string;
}

/** A request that was refused, or did not get there. */
export class Refused extends Error {
  constructor(readonly said: Problem, readonly status: number) {
    super(said.problem);
  }
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const data = body instanceof Blob ? body : body === undefined ? undefined : JSON.stringify(body);
  let answer: Response;
  try {
    answer = await fetch(path, { method, body: data ?? null, signal: signal ?? null, headers: { accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused({ code: "away", problem: "", hint: "" }, 0);
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(told.error ?? { code: "http", problem: answer.statusText, hint: "" }, answer.status);
  return told as T;
}

const name = encodeURIComponent;

export const api = {
  models: (lang: string) => ask<{ models: Model[]; loading: string[] }>("GET", `/api/models?lang=${lang}`),
  classes: (model: string, lang: string) => ask<{ classes: string[] }>("GET", `/api/models/${name(model)}/classes?lang=${lang}`),
  layers: (model: string) => ask<{ layers: Layer[] }>("GET", `/api/models/${name(model)}/layers`),
  samples: (lang: string) => ask<{ samples: Photo[] }>("GET", `/api/samples?lang=${lang}`),
  cards: (lang: string) => ask<{ cards: Record<string, Card> }>("GET", `/api/cards?lang=${lang}`),
  there: (photo: string) => ask<unknown>("GET", photoAt(photo)),
  add: (file: Blob) => ask<Omit<Photo, "name">>("PUT", "/api/photos", file),
  predict: (photo: string, model: string, texts?: string[]) =>
    ask<{ predictions: Prediction[] }>("POST", "/api/predictions", texts ? { photo, model, top: 5, texts } : { photo, model, top: 5 }),
  costs: (wish: Omit<Wish, "photo">) => ask<{ costs: Cost[] }>("POST", "/api/costs", wish),
  start: (wish: Wish) => ask<Job>("POST", "/api/jobs", wish),
  jobs: () => ask<{ jobs: Job[] }>("GET", "/api/jobs"),
  cancel: (job: string) => ask<Job>("DELETE", `/api/jobs/${job}`),
  partial: (job: string, key: string) => ask<Partial<Shown>>("GET", `/api/jobs/${job}/partial/${key}`),
  kept: (wish: Wish) => ask<Kept>("POST", "/api/results", wish),
  result: (key: string) => ask<Found>("GET", `/api/results/${key}`),
  curves: (key: string, fill: string) =>
    ask<{ deletion: Curve; insertion: Curve; random?: { deletion: Curve; insertion: Curve } }>("GET", `/api/results/${key}/curves?fill=${fill}`),
  edit: (wish: object, signal: AbortSignal) => ask<Edited>("POST", "/api/edits", wish, signal),
};

export const photoAt = (id: string): string => `/api/photos/${id}`;
export type { Prediction, Said, Shown };
