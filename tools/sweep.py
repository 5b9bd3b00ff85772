"""`make sweep`: a small network of every family of timm, each in a process of its own, into docs/sweep.md.

What is found stands in tools/sweep.json, so that it can be run in parts: families that stand there are not run again
unless they are named (`FAMILY="swin_transformer vgg"`) or all are wanted anew (FRESH=1 removes the file). They run one
after the other, since the largest take much of a machine's memory: an hour and more.
"""

import json
import multiprocessing
import re
import resource
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import timm
from sweep_family import swept, verdict

HERE = Path(__file__).parent
FOUND, PAGE = HERE / "sweep.json", HERE.parent / "docs" / "sweep.md"
SECONDS, BYTES = 1800, 18 * 2**30  # of each family
COLUMNS = ("family", "variant", "input", "layer, grid (locality)", "gradcam", "saliency", "attention", "verdict")
VERDICTS = ("verified", "unproved", "refused", "failed", "wrong")


def alone(family: str, sender: Any) -> None:
    """In the process of its own."""
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
    sender.send(swept(family))


def limited(family: str) -> dict[str, Any]:
    """A family's row, within its time and memory."""
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=alone, args=(family, sender))
    process.start()
    sender.close()
    try:
        if receiver.poll(SECONDS):
            found: dict[str, Any] = receiver.recv()
            return found
        why = f"more than {SECONDS} seconds"
    except EOFError:
        why = "its process ended"
    finally:
        process.kill()
        process.join()
    return {"family": family, "failed": why, "verdict": "failed"}


def line(row: dict[str, Any]) -> str:
    local = row.get("locality")
    place = f"`{row['layer']}`, {row['grid']}" + ("" if local is None else f" ({local:.2f})") if "layer" in row else ""
    of = row.get("attention", "")
    tokens = f", {row['calls']} calls on {row['tokens']}" if "tokens" in row and of == "ok" else ""
    cells = [
        row["family"],
        f"`{row['variant']}`" if "variant" in row else "",
        row.get("size", ""),
        place,
        row.get("gradcam", ""),
        row.get("saliency", ""),
        of + tokens,
        f"failed: {row['failed']}" if "failed" in row else verdict(row),
    ]
    return f"| {' | '.join(one.replace('|', '/') for one in cells)} |\n"


def write(rows: dict[str, dict[str, Any]]) -> None:
    counts = {one: sum(row["verdict"] == one for row in rows.values()) for one in VERDICTS}
    said = ", ".join(f"{count} {name} ({count / len(rows):.0%})" for name, count in counts.items())
    every = len(timm.list_modules())
    head = f"{len(rows)} of the {every} families of timm {version('timm')}, torch {version('torch')}: {said}.\n\n"
    body = "".join(line(rows[name]) for name in sorted(rows))
    table = f"| {' | '.join(COLUMNS)} |\n{'| --- ' * len(COLUMNS)}|\n{body}"
    text = re.sub(
        r"(?s)(<!-- make sweep -->\n).*(<!-- end -->)",
        lambda found: f"{found[1]}\n{head}{table}\n{found[2]}",
        PAGE.read_text("utf-8"),
    )
    PAGE.write_text(text, "utf-8")


def main(*asked: str) -> None:
    multiprocessing.set_forkserver_preload(["sweep_family"])
    rows: dict[str, dict[str, Any]] = json.loads(FOUND.read_text("utf-8")) if FOUND.exists() else {}
    for family in asked or [one for one in timm.list_modules() if one not in rows]:
        rows[family] = row = limited(family)
        FOUND.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", "utf-8")
        print(line(row), end="", flush=True)
    write(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
