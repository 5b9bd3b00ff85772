"""The page: every row as it is, also those below their target, between two markers of docs/performance.md; and the
headlines between the same markers of the README, in both languages."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import chinese, store
from benchmarks.machine import ROOT
from benchmarks.networks import NETWORKS
from benchmarks.row import Row
from benchmarks.rows import ROWS, inside, memory

PAGE, README = ROOT / "docs" / "performance.md", ROOT / "README.md"
CHINESE = ROOT / "README.zh-CN.md"
START, END = "<!-- benchmark: written by make bench -->", "<!-- end of benchmark -->"
Found = dict[str, Any] | None


def write(results: Path = store.RESULTS, page: Path = PAGE, readme: Path = README, in_chinese: Path = CHINESE) -> None:
    cpu, gpu = ({id: store.read(store.path_of(id, one, results)) for id in ROWS} for one in ("cpu", "cuda"))
    parts = [*tables(cpu), *(["### On a GPU", *tables(gpu)] if any(gpu.values()) else [])]
    replace(page, "\n\n".join(parts))
    replace(readme, headlines(cpu))
    replace(in_chinese, headlines(cpu, "zh"))


def replace(path: Path, text: str) -> None:
    """The text between the markers, the markers themselves kept."""
    before = path.read_text("utf-8")
    if before.count(START) != 1 or before.count(END) != 1:
        raise ValueError(f"{path.name} has no pair of markers, or several")
    pattern = re.escape(START) + ".*?" + re.escape(END)
    after = re.sub(pattern, lambda _: f"{START}\n\n{text}\n\n{END}", before, flags=re.DOTALL)
    if after != before:
        path.write_text(after, "utf-8")


def tables(found: dict[str, Found]) -> list[str]:
    methods = [line for row in ROWS.values() if row.fill is None for line in method_lines(row, found)]
    columns = "row, network, ours (s), against, its setting, ratio, 95 % interval, target, met, "
    columns += "at its default, times the limit, answers differ by"
    classifiers = [id for id, one in NETWORKS.items() if one.classifier]
    limits = [cells for id in classifiers for cells in limit_lines(id, found[f"limit-{id}"])]
    return [
        table(columns.split(", "), methods),
        "The networks' own passes at their best layout and chunk, the limit of the column above:",
        table(["network", "pass", "ms an image", "at"], limits),
        *(folder_line(row, found[row.id]) for row in inside.ROWS if row.fill),
        *(memory_line(row, found[row.id]) for row in memory.ROWS),
        *said(found),
    ]


def table(columns: Sequence[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def method_lines(row: Row, every: dict[str, Found]) -> Iterator[list[str]]:
    found, start = every[row.id], [row.what, NETWORKS[row.network].name]
    if found is None or "refused" in found:
        why = "not measured yet" if found is None else found["refused"]
        yield [*start, why, *[""] * 9]
        return
    for one in found["peers"]:
        if "skipped" in one:
            yield [*start, "", one["peer"], f"skipped: {one['skipped']}", *[""] * 7]
            continue
        default = one["default_ratio"]
        yield [
            *start,
            f"{one['ours_seconds']:.3g}",
            f"{one['peer']} {one['version'] or ''}".strip() if not one["at_most"] else one["peer"],
            one["setting"],
            f"**{one['ratio']:.2f}**",
            between(one["interval"]),
            wanted(one),
            "yes" if met(one) else "no",
            "" if default is None or one["at_most"] else f"{default:.2f}",
            distance(found, one["ours_seconds"], every.get(f"limit-{row.network}")),
            f"{one['gate']['difference']:.1e}",
        ]


def aim(one: dict[str, Any]) -> float:
    return float(one["target"] * one.get("gain", 1))


def met(one: dict[str, Any]) -> bool:
    return bool(one["ratio"] <= aim(one) if one["at_most"] else one["ratio"] >= aim(one))


def wanted(one: dict[str, Any]) -> str:
    if "gain" in one:
        return f"{one['target']:g} × {one['gain']:.2f} ({one['gain_name']})"
    return f"{'at most' if one['at_most'] else 'at least'} {one['target']:g}"


def between(interval: Any) -> str:
    return "none claimed" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"


def distance(found: dict[str, Any], seconds: float, limit: Found) -> str:
    """The method's time over that of the passes it needs at least, or of those it counted, at the limit's pace."""
    counted = found.get("passes")
    needs = found.get("needs") or (counted and [counted[0] - counted[1], counted[1]])
    if limit is None or not needs:
        return ""
    forward, both = (limit["limit"][kind]["seconds"] for kind in ("forward", "forward and backward"))
    return f"{seconds / found['images'] / (needs[0] * forward + needs[1] * both):.2f}"


def limit_lines(id: str, found: Found) -> Iterator[list[str]]:
    if found is None:
        yield [NETWORKS[id].name, "not measured yet", "", ""]
        return
    for kind, one in found["limit"].items():
        yield [NETWORKS[id].name, kind, f"{1000 * one['seconds']:.1f}", one["setting"]]


def folder_line(row: Row, found: Found) -> str:
    if found is None:
        return f"{row.what}: not measured yet."
    work = f"decoding ({found['decoding']:.2f} s of one core) and forwards ({found['forwards']:.2f} s)"
    times = f"{found['ratio']:.2f} times {work} over {found['cores']} cores (target: at most {found['target']:g})"
    alone = f"{found['alone_ratio']:.2f} times what they take where one core works alone"
    return f"{row.what}, {found['photos']}: {found['wall']:.2f} s, {times}; {alone}."


def memory_line(row: Row, found: Found) -> str:
    if found is None:
        return f"{row.what}: not measured yet."
    granted = f"`memory=` {found['memory'] / 2**20:.0f} MiB"
    unit = found.get("unit", "samples")
    peaks = ", ".join(f"{peak / 2**20:.0f} MiB at {n} {unit}" for n, peak in found["peaks"].items())
    growth = f"{found['growth']:.2f} times from the fewest to the most (target: at most {found['target']:.3g})"
    return f"{row.what}, with {granted}: {peaks}; {growth}."


def said(found: dict[str, Found]) -> list[str]:
    """With what it was measured: a line for each machine and version there was."""
    machines = [one["machine"] for one in found.values() if one]
    lines = dict.fromkeys(
        f"Measured {one['date']} with seewhy {one['seewhy']} at {one['commit']}"
        f"{' with changes' if one['changed'] else ''} on {one['gpu'] or one['processor']}, {one['cores']} cores, "
        f"{one['threads']} threads ({', '.join(one['flags'])}); "
        f"{', '.join(f'{name} {version}' for name, version in one['versions'].items())}."
        for one in machines
    )
    return list(lines)


def headlines(found: dict[str, Found], lang: str = "en") -> str:
    rows = [
        (row.what, one["peer"], one["ratio"], one["interval"])
        for row in ROWS.values()
        if row.headline
        for one in (found[row.id] or {}).get("peers", [])
        if "ratio" in one and not one["at_most"]
    ]
    if not rows:
        return chinese.MISSING if lang == "zh" else "Not measured yet: `make bench` fills the table."
    dates = sorted({one["machine"]["date"] for one in found.values() if one})
    network = NETWORKS["default"].name
    if lang == "zh":
        return f"{chinese.note(network, dates)}\n\n{table(chinese.COLUMNS, [chinese.row(*one) for one in rows])}"
    said = [[what, peer, f"{ratio:.1f} times", between(interval)] for what, peer, ratio, interval in rows]
    note = f"On {network}, float32, CPU, answers equal, measured {' and '.join(dates)}:"
    return f"{note}\n\n{table(['what', 'faster than', 'by', '95 % interval'], said)}"
