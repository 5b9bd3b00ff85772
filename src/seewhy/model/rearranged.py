"""What cells see whose axes are moved, merged, cut or reduced, and when a call along an axis leaves them alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seewhy.model.sights import Given, Rule, Seen, Sight, from_the_end


def _same(given: Given) -> Seen:
    return given.own


def _normed(given: Given) -> Seen:
    over = len(given.option(1, "normalized_shape"))
    return None if any(-at <= over for at in given.own.at) else given.own


def _along(given: Given) -> Seen:
    """What works along one axis, if that is none of the places'."""
    axis = given.option(1, "dim", -1)
    return given.own if isinstance(axis, int) and from_the_end(axis, len(given.shape)) not in given.own.at else None


def _linear(given: Given) -> Seen:
    return None if -1 in given.own.at else given.own


def _reduced(given: Given) -> Seen:
    axes = given.option(1, "dim")
    listed = [axes] if isinstance(axes, int) else axes if isinstance(axes, tuple | list) else []
    over = {from_the_end(one, len(given.shape)) for one in listed}
    if not over or over & set(given.own.at):
        return None
    kept = len(given.made) == len(given.shape)
    return (
        given.own if kept else replace(given.own, at=tuple(at + sum(one > at for one in over) for at in given.own.at))
    )


def _permuted(given: Given) -> Seen:
    rank = len(given.shape)
    listed = given.call.args[1:] if len(given.call.args) > 2 else given.option(1, "dims")
    return _moved(given.own, [from_the_end(one, rank) for one in listed])


def _transposed(given: Given) -> Seen:
    rank = len(given.shape)
    order = list(range(-rank, 0))
    first, second = (from_the_end(given.option(i, f"dim{i - 1}"), rank) for i in (1, 2))
    order[first], order[second] = order[second], order[first]
    return _moved(given.own, order)


def _moved(own: Sight, order: Sequence[int]) -> Sight:
    """order: the axes as they come now, counted from the last."""
    return replace(own, at=tuple(order.index(at) - len(order) for at in own.at))


def _reshaped(given: Given) -> Seen:
    """Rows and columns become one axis, or two again, or stay what they are while others change."""
    own, before, after = given.own, given.shape, given.made
    if len(own.at) == 1:
        (at,) = own.at
        behind = len(before) + at
        as_two = (*before[:behind], *own.cells, *before[behind + 1 :])
        if after == as_two and not own.others:
            return replace(own, at=(at - 1, at), cells=(0, 0))
    first, last = len(before) + own.at[0], len(before) + own.at[-1]
    if len(own.at) == 2 and last == first + 1:
        cells = (before[first], before[last])
        if after == (*before[:first], cells[0] * cells[1], *before[last + 1 :]):
            return replace(own, at=(own.at[1],), cells=cells)
    stay = before[first:]
    return own if list(own.at) == sorted(own.at) and after[len(after) - len(stay) :] == stay else None


def _indexed(given: Given) -> Seen:
    """Slices and single numbers, as x[:, 0] or x[:, :, ::2, ::2]."""
    index, own, rank = given.option(1, ""), given.own, len(given.shape)
    listed = list(index) if isinstance(index, tuple) else [index]
    gaps = [i for i, one in enumerate(listed) if one is Ellipsis]
    for gap in gaps:
        listed[gap : gap + 1] = [slice(None)] * (rank - len(listed) + 1)
    if not all(isinstance(one, slice) or type(one) is int for one in listed):
        return None
    gone = []
    axes = dict(zip(own.at, (own.rows, own.columns), strict=False))
    for axis, one in enumerate(listed, -rank):
        if isinstance(one, int):
            gone.append(axis)
        elif axis in own.at and one not in (slice(None), slice(None, None, 1)):
            start, step = one.start or 0, one.step or 1
            if len(own.at) == 1 or not isinstance(start, int) or start < 0 or not isinstance(step, int):
                return None
            axes[axis] = axes[axis].window(1, step, -start)
    if set(gone) & set(own.at):
        return None
    moved = tuple(at + sum(one > at for one in gone) for at in own.at)
    if len(own.at) == 1:
        return replace(own, at=moved)
    return replace(own, rows=axes[own.at[0]], columns=axes[own.at[1]], at=moved)


def _unsqueezed(given: Given) -> Seen:
    axis = from_the_end(given.option(1, "dim"), len(given.made))
    return replace(given.own, at=tuple(at - 1 if at <= axis else at for at in given.own.at))


def _split(given: Given) -> Seen:
    axis = from_the_end(given.option(2, "dim", 0), len(given.shape))
    return None if axis in given.own.at else given.own


AXES: Mapping[str, Rule] = {
    **dict.fromkeys(("batch_norm", "prelu", "local_response_norm"), _same),
    **dict.fromkeys(("layer_norm", "rms_norm"), _normed),
    **dict.fromkeys(("softmax", "log_softmax", "cumsum", "glu"), _along),
    "linear": _linear,
    **dict.fromkeys(("mean", "sum", "amax", "amin", "var"), _reduced),
    "permute": _permuted,
    **dict.fromkeys(("transpose", "swapaxes"), _transposed),
    **dict.fromkeys(("reshape", "view", "flatten", "unflatten"), _reshaped),
    "__getitem__": _indexed,
    "unsqueeze": _unsqueezed,
    **dict.fromkeys(("chunk", "split"), _split),
}
