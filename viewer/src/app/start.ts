// What the page runs first: maps that a link shows are on their way while the rest is still being read.
import type { Kept } from "./api";
import { wanted, wishOf } from "./wish";

const wish = wishOf(wanted(new URLSearchParams(location.hash.slice(1)))), asked = JSON.stringify(wish);

async function kept(): Promise<Kept | null> {
  const answer = await fetch("/api/results", { method: "POST", body: asked, headers: { accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

const early = wish && { asked, answer: kept().catch(() => null) }; // what goes wrong is told when the page asks
void import("./app").then(({ open }) => open(early));
