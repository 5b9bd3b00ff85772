"""What windows over cells see: convolutions, poolings, paddings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from seewhy.model.sights import Given, Rule, Seen


def _convolved(given: Given) -> Seen:
    own, weight = given.own, given.shapes[1]
    if len(weight) != 4 or own.at != (-2, -1):
        return None
    strides, dilations = _pair(given.option(3, "stride", 1)), _pair(given.option(5, "dilation", 1))
    padding = given.option(4, "padding", 0)
    axes = []
    for i, axis in enumerate((own.rows, own.columns)):
        kernel = weight[2 + i]
        same = dilations[i] * (kernel - 1) // 2
        before = same if padding == "same" else 0 if padding == "valid" else _pair(padding)[i]
        axes.append(axis.window(kernel, strides[i], before, dilations[i]))
    return replace(own, rows=axes[0], columns=axes[1])


def _pooled(given: Given) -> Seen:
    if given.own.at != (-2, -1):
        return None
    kernels = _pair(given.option(1, "kernel_size"))
    strides = _pair(given.option(2, "stride") or kernels)
    pads = _pair(given.option(3, "padding", 0))
    dilations = _pair(given.option(4, "dilation", 1)) if given.name == "max_pool2d" else (1, 1)
    rows, columns = (
        axis.window(kernels[i], strides[i], pads[i], dilations[i])
        for i, axis in enumerate((given.own.rows, given.own.columns))
    )
    return replace(given.own, rows=rows, columns=columns)


def _adaptively(given: Given) -> Seen:
    if given.own.at != (-2, -1) or given.made[-2:] == (1, 1):
        return None
    counts = [(given.shape[at], given.made[at]) for at in (-2, -1)]
    if any(before % after for before, after in counts):
        return None
    (rows, down), (columns, across) = (
        (axis, before // after)
        for axis, (before, after) in zip((given.own.rows, given.own.columns), counts, strict=True)
    )
    return replace(given.own, rows=rows.window(down, down, 0), columns=columns.window(across, across, 0))


def _padded(given: Given) -> Seen:
    pads, own = given.option(1, "pad", ()), given.own
    if given.option(2, "mode", "constant") == "circular" or len(own.at) != 2:
        return own if not any(pads[2 * i] or pads[2 * i + 1] for i in _last(pads) if -1 - i in own.at) else None
    before = {-1 - i: pads[2 * i] for i in _last(pads)}
    rows, columns = (
        axis.window(1, 1, before.get(at, 0)) for axis, at in zip((own.rows, own.columns), own.at, strict=True)
    )
    return replace(own, rows=rows, columns=columns)


def _last(pads: Sequence[int]) -> range:
    return range(len(pads) // 2)


def _pair(value: Any) -> tuple[int, int]:
    listed = list(value) if isinstance(value, tuple | list) else [value]
    return int(listed[0]), int(listed[-1])


WINDOWS: Mapping[str, Rule] = {
    "conv2d": _convolved,
    **dict.fromkeys(("max_pool2d", "avg_pool2d"), _pooled),
    **dict.fromkeys(("adaptive_avg_pool2d", "adaptive_max_pool2d"), _adaptively),
    "pad": _padded,
}
