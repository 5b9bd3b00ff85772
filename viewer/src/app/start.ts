// What the page runs first: maps that a link shows are on their way while the rest is still being read.
import type { Kept } from "./api";
import { wanted, wishOf } from "./wish";

const wish = wishOf(wanted(new URLSearchParams(location.hash.slice(1))));

async function kept(): Promise<Kept | null> {
  const answer = await fetch("/api/results", { method: "POST", body: JSON.stringify(wish), headers: { accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

const early = wish ? kept().catch(() => null) : null; // what goes wrong is told when the page asks
void import("./app").then(({ open }) => open(early));
