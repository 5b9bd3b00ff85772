"""docs/evidence.md, written from what was measured."""

import json
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.page import table
from benchmarks.shapes.evidence import OPTIONS, Shares
from benchmarks.shapes.networks import WEIGHTS
from seewhy import list_methods

PAGE = ROOT / "docs" / "evidence.md"
TITLES = {"vit": "The ViT: a coloured shape as class", "clip": "CLIP: a coloured shape as text"}
COLUMNS = ("method", "family", "share on the object", "standard error", "on it grown by half a patch")
COLUMNS = (*COLUMNS, "where another is asked for", "switches", "scenes", "seconds a map")
GOAL = 0.6
Found = dict[str, Any]

HEAD = """# Where the evidence is known

Made by `make evidence`. Scenes show two to four coloured shapes on textured grounds
([benchmarks/shapes](../benchmarks/shapes)); two small networks were really trained on such scenes, by scripts of this
repository: a ViT (timm) with a logit for each coloured shape, and a CLIP (open_clip) of scenes and captions. Asked for
"red circle", what speaks for it is the red circle: nothing else in the scene says that one is there.

{networks}

**Share on the object**: of the positive values of a map (of maps that are sizes, of all), the part that lies on the
pixels of the object asked for; the mean over two objects of each scene. The object covers {chance} of the picture,
which is what an even map would have on it. The standard error is that of the mean over scenes. **Where another is
asked for**: the share on the same object in the map of the other one. **Switches**: how often the first of these two
is the larger; .5 is a coin's. Objects that the network does not say are there are not asked for.

A token is a patch of 8 by 8 pixels and an object is three to five of them wide, so no map of tokens can end where an
object ends. "The best of patches" is the map that gives each patch what the object covers of it, drawn like any other;
"every patch it touches" gives all patches the object is in alike. A map of tokens with the share of the second found
the object and not its edge; hence the column for the object and the pixels up to half a patch from it, where chance is
{grown}. Shares of {goal} and more are bold in both columns: so much is asked of relevance, where chance is below .15.
{reached}

`raw_attention` and `attention_rollout` know of no class, and so can't switch. `legrad` switches, and has a floor:
gradients that are positive everywhere, in all layers. By figures of 2026-11-25 that this command does not make, 32 %
of the ViT's lies in the patches that the object touches (which are 11 % of the picture), 38 % when the smallest value
is taken off, as its paper does when it draws a map, and 55 % when the median is; of `attention_relevance` 79 %, of
`transformer_attribution` 87 %. Larger objects change little: a ViT trained on objects of 10 % of the picture had .49
and .68 in the two columns with `attention_relevance`, .56 and .77 with `transformer_attribution` and .24 and .34 with
`legrad`: attention goes to where shapes differ, their edge.

The logit is explained, since the classes of a scene do not exclude each other. Baselines are grey: black, the default
of most methods, is a colour of objects here. Other options that are not the defaults: {options}.
"""


def write(found: Mapping[str, Any]) -> None:
    chance = found["vit"]["rows"]["by chance"]["mean"]
    networks = "\n".join(f"- {_trained(name)}" for name in TITLES)
    options = "; ".join(f"`{id}` {', '.join(f'{k}={v}' for k, v in own.items())}" for id, own in OPTIONS.items())
    grown = f"{found['vit']['rows']['by chance']['grown']:.2f}"
    said = {"networks": networks, "options": options, "chance": f"{chance:.1%}", "grown": grown, "goal": GOAL}
    parts = [HEAD.format(**said, reached=_reached(found))]
    for name, title in TITLES.items():
        parts += [f"## {title}\n", *_section(found[name])]
    PAGE.write_text("\n".join(parts), "utf-8")


def row(of: Shares) -> Found:
    return {
        "mean": of.mean,
        "error": of.error,
        "grown": float(of.grown.mean()),
        "other": float(of.other.mean()),
        "switched": of.switched,
        "scenes": len(of.own),
        "seconds": of.seconds,
    }


def _reached(found: Mapping[str, Any]) -> str:
    """Which of the methods of relevance have the goal, in both networks."""
    every = [one.id for one in list_methods() if one.info.family == "attention" or one.id == "lrp"]
    least = {id: min(of["rows"][id]["grown"] for of in found.values()) for id in every}
    strict = {id: min(of["rows"][id]["mean"] for of in found.values()) for id in every}

    def names(shares: Mapping[str, float], *, reach: bool) -> str:
        return ", ".join(f"`{id}`" for id, share in shares.items() if (share >= GOAL) == reach) or "none"

    on = f"On the object itself both networks reach it with {names(strict, reach=True)}"
    around = f"with half a patch around it with {names(least, reach=True)}; neither with {names(least, reach=False)}"
    return fill(f"{on}; {around}.", 120)


def _section(found: Found) -> Iterator[str]:
    families = {one.id: one.info.family for one in list_methods()}
    first = [id for id in found["rows"] if id not in families]
    order = sorted(set(found["rows"]) - set(first), key=lambda id: -found["rows"][id]["mean"])
    lines = [_line(id, families.get(id, ""), found["rows"][id]) for id in [*first, *order]]
    yield table(COLUMNS, lines) + "\n"
    for reason, ids in _together(found["without"]).items():
        yield f"- {', '.join(f'`{id}`' for id in ids)}: {reason}"
    yield f"\nMeasured on {found['date']} with seewhy {found['seewhy']}, torch {found['torch']}.\n"


def _line(id: str, family: str, one: Found) -> list[str]:
    shares = [f"**{share:.2f}**" if share >= GOAL else f"{share:.2f}" for share in (one["mean"], one["grown"])]
    name, seconds = (f"`{id}`", f"{one['seconds']:.2f}") if family else (id, "")
    rest = [f"{one[key]:.2f}" for key in ("other", "switched")]
    return [name, family, shares[0], f"{one['error']:.3f}", shares[1], *rest, str(one["scenes"]), seconds]


def _together(without: Mapping[str, str]) -> dict[str, list[str]]:
    """Reasons, and the methods that have them."""
    found: dict[str, list[str]] = {}
    for id, reason in sorted(without.items()):
        found.setdefault(reason, []).append(id)
    return found


def _trained(name: str) -> str:
    said = json.loads((WEIGHTS / f"{name}.json").read_text("utf-8"))
    figures = ", ".join(f"{what} {value:.3f}" for what, value in said["held out"].items())
    effort = f"{said['steps']} steps of {said['batch']} scenes, {said['minutes']:.0f} minutes"
    return f"{name}: seed {said['seed']}, {effort}; held out: {figures}"
