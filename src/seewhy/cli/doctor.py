"""seewhy doctor: what is this network, and what does it offer?"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, columns, document, progress

if TYPE_CHECKING:
    from seewhy.checkup import Report
    from seewhy.model.census import Layer

SHOWN = 6  # names in a row of many
ENDS = {
    "logit": "logits",
    "binary": "logits of a yes or no each",
    "probability": "probabilities (a softmax at the end): log-probability is explained",
    "answer": "answers, explained as they are",
}


@click.command(cls=Command)
@options.model_option()
@options.network_options
@click.option("--layers", "all_layers", is_flag=True, help="List every layer, not only the outer ones.")
@options.json_option
def command(model: str, all_layers: bool, as_json: bool, **asked: Any) -> None:
    """Say before any compute what was found in a network, and for every method yes or no with the reason."""
    with progress(quiet=as_json) as where:
        where.step(f"examining {model}")
        from seewhy.checkup import doctor

        report = doctor(options.loaded(model, asked))
    if as_json:
        document(_data(report))
    else:
        click.echo("\n".join(_lines(report, all_layers)))


def _lines(report: "Report", all_layers: bool) -> Iterator[str]:
    yield from columns([[name, said] for name, said in _facts(report) if said])
    shown = [one for one in report.layers if all_layers or _outer(one)]
    more = len(report.layers) - len(shown)
    if report.layers:
        yield "\nlayers (channels x rows x columns)" + (f", {more} inner ones left out: see --layers" if more else "")
    yield from columns([_layer(one, report) for one in shown], "  ")
    yield "\nmethods"
    rows = [["yes" if one.offered else "no", one.id, one.reason or one.info.cost] for one in report.methods]
    yield from columns(rows, "  ")


def _facts(report: "Report") -> Iterator[tuple[str, str]]:
    card, seen = report.model, report.preprocess
    yield "model", f"{card.name} ({card.spec})" if card.spec else card.name
    said = (
        f"fingerprint {card.fingerprint}" if card.fingerprint else "no fingerprint: whether they changed can't be told"
    )
    yield "weights", f"{card.weights}, {said}".removeprefix(", ")
    yield "licence", card.licence
    yield "parameters", "" if report.takes else f"{report.parameters:,}, {report.dtype} on {report.device}"
    yield "takes", report.takes
    height, width = report.probed
    yield "input", f"{height}x{width} (height x width)" if seen.size else f"any size; probed at {height}x{width}"
    if seen.size:
        resize = seen.resize if isinstance(seen.resize, int | None) else "x".join(map(str, seen.resize))
        yield "resizing", f"{seen.mode}, {seen.interpolation}" + (f", to {resize} before the crop" if resize else "")
    plain = report.takes and not any(seen.mean) and set(seen.std) == {1.0}
    yield "normalisation", "none" if plain else f"mean {_numbers(seen.mean)}, std {_numbers(seen.std)}"
    names = ", ".join(report.first_classes)
    yield "classes", f"{report.classes}" + (f": {names}, ..." if names else ", without names")
    if report.named not in (0, report.classes):
        yield "warning", f"{report.named} class names for {report.classes} scores"
    yield "output", f"{ENDS[report.outputs]}, {'x'.join(map(str, report.output_shape))} an image"
    if not report.takes:
        yield from _inside(report)
    yield "engine", report.engine


def _inside(report: "Report") -> Iterator[tuple[str, str]]:
    """What is found in a network that can be looked into."""
    yield "gradient", "" if report.differentiable else "none: the output is not differentiable in the input"
    for said in report.told:
        yield "note", said
    yield "head", report.head or "not linear in the mean of the last maps"
    yield "default layer", report.maps or "none: no layer returns maps"
    yield "activations", ", ".join(f"{kind} x{count}" for kind, count in report.activations.items()) or "none"
    yield "in place", _some(report.in_place)
    yield "reused", _some(report.reused)
    yield "unused", _some(report.unused)
    yield "memory", f"{report.memory / 1e6:,.1f} MB of activations an image"


def _outer(one: "Layer") -> bool:
    """Whether a layer is worth a line: it changes something, and stands on its own or in a first stage."""
    return one.kind != "Identity" and one.name.count(".") <= 1


def _layer(one: "Layer", report: "Report") -> list[str]:
    shape = "x".join(map(str, one.shape)) or "several tensors"
    marks = [
        *(["default"] if one.name == report.maps else []),
        *(["in place"] if one.in_place else []),
        *([f"runs {one.calls} times"] if one.calls > 1 else []),
    ]
    return [one.name, one.kind, shape, ", ".join(marks)]


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _data(report: "Report") -> dict[str, Any]:
    found = {
        name: value for name, value in vars(report).items() if name not in ("model", "preprocess", "layers", "methods")
    }
    return {
        "model": asdict(report.model) | {"overrides": dict(report.model.overrides)},
        "preprocess": asdict(report.preprocess),
        **found,
        "layers": [asdict(one) for one in report.layers],
        "methods": [{"id": one.id, "offered": one.offered, "reason": one.reason} for one in report.methods],
    }
