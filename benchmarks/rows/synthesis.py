"""Pictures made for a network: steps of feature visualization."""

from typing import Any

from benchmarks.answers import relative
from benchmarks.lucent_peers import SIZE, STEPS, channel, inner, lucent
from benchmarks.row import Call, Case, Gate, Peer, Row, Setting
from seewhy.synthesis import visualize

TOGETHER = 16


def made(case: Case, channels: int = 1) -> Any:
    """Lucent redirects no gradients, and ours do so in the first 16 steps: not here."""
    objectives = [f"{inner(case)}:{channel(case) + at}" for at in range(case.few(channels))]
    return visualize(case.model, objectives, size=SIZE, steps=case.few(STEPS), redirect=0)


def alone(case: Case, setting: Setting) -> Call:
    return lambda: made(case)


def first_alike(case: Case, ours: Any, theirs: Any) -> Gate:
    """Values of the first step, before rounding of larger batches grows."""
    return Gate(relative(ours[0].values[:1], theirs[0].values[:1]), 1e-4, "objective of the first picture at the start")


ROWS = [
    Row(
        "visualize-default",
        f"feature visualization of a channel, {SIZE} pixels, {STEPS} steps",
        "default",
        made,
        lucent(3.0),
    ),
    Row(
        "visualize-resnet50",
        f"feature visualization of a channel, {SIZE} pixels, {STEPS} steps",
        "resnet50",
        made,
        lucent(3.0),
        layer="early",
    ),
    Row(
        "visualize-together",
        f"feature visualization of {TOGETHER} channels as one batch",
        "default",
        lambda case: made(case, TOGETHER),
        (Peer("one channel", "seewhy", 10.0, alone, first_alike, at_most=True),),
    ),
]
