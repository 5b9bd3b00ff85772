// The words that the viewer's source asks for, out of the catalogue that Python reads, in every language.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const HERE = import.meta.dirname;
const LANG = join(HERE, "../src/seewhy/lang");
const NAME = "virtual:catalogue";

export function catalogue(): Plugin {
  return {
    name: "catalogue",
    resolveId: (id) => (id === NAME ? "\0" + NAME : undefined),
    load(id) {
      if (id !== "\0" + NAME) return;
      const keys = asked(join(HERE, "src"));
      const found = Object.fromEntries(["en", "zh"].map((lang) => [lang, words(lang, keys)]));
      return `export default ${JSON.stringify(found)}`;
    },
  };
}

function asked(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf-8" }).filter((name) => name.endsWith(".ts"));
  const text = files.map((name) => readFileSync(join(folder, name), "utf-8")).join("\n");
  return [...new Set([...text.matchAll(/\bword\(\s*"(\w+)"/g)].map((found) => found[1]))].sort();
}

function words(lang: string, keys: string[]): Record<string, string> {
  const all: Record<string, string> = JSON.parse(readFileSync(join(LANG, `${lang}.json`), "utf-8"));
  const missing = keys.filter((key) => !(key in all));
  if (missing.length) throw new Error(`${lang}.json has no words for: ${missing.join(", ")}`);
  return Object.fromEntries(keys.map((key) => [key, all[key]]));
}
