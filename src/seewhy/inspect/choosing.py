"""Which filters, inputs and channels are asked for."""

from typing import Any

from seewhy.asked import listed, whole
from seewhy.errors import BadOption, Unsupported
from seewhy.model import Model


def chosen(asked: Any, count: int, what: str, layer: str) -> tuple[int, ...]:
    """Numbers from 0, each once, in the order asked for; None for all. Raises BadOption for one that is not there."""
    if asked is None:
        return tuple(range(count))
    numbers = (
        [asked] if isinstance(asked, int) else listed(asked, f"{what}s", f"give a list of numbers: {what}s=[0, 3]")
    )
    if not numbers:
        raise BadOption(f"no {what} is asked for", f"name at least one, or leave {what}s out for all")
    found = dict.fromkeys(whole(one, what) for one in numbers)
    if beyond := [one for one in found if not 0 <= one < count]:
        raise BadOption(f"{what} {beyond[0]}: {layer!r} has {count}", f"give numbers from 0 to {count - 1}")
    return tuple(found)


def open_to(model: Model) -> Model:
    """The model, if it can be looked into. Raises Unsupported with the reason."""
    if model.opaque:
        raise Unsupported(f"it has no layers: {model.opaque.why}", "give the network as a torch module")
    return model
