"""From what a user calls a layer to its name."""

import difflib

from torch import nn

from seewhy.errors import UnknownName, Unsupported
from seewhy.model.census import Census
from seewhy.model.opaque import Opaque
from seewhy.model.views import View


def named(module: nn.Module, asked: object, census: Census) -> str:
    """The layer's name: asked for by name, as the module itself, or None for the last maps."""
    if isinstance(module, Opaque):
        raise Unsupported(f"it has no layers: {module.why}", "leave layer out, and choose a method that reads none")
    if asked is None:
        if census.maps is None:
            raise Unsupported(
                "no layer behind the start of this model returns maps (b,d,r,q)", "see `seewhy doctor` for its layers"
            )
        return census.maps
    known = [name for name, _ in module.named_modules() if name]
    if isinstance(asked, nn.Module):
        for name, one in module.named_modules():
            if name and (one is asked or (isinstance(one, View) and one.layer is asked)):
                return str(name)
        raise UnknownName(
            f"the {type(asked).__name__} given as layer= is not in the model", "pass one of its own modules"
        )
    if isinstance(asked, str) and asked not in known:  # Keras writes inner/layer
        asked = next((name for name in known if name.replace("/", ".") == asked.replace("/", ".")), asked)
    if not isinstance(asked, str) or asked not in known:
        near = difflib.get_close_matches(str(asked), known, n=3, cutoff=0.4)
        raise UnknownName(
            f"no layer is named {asked!r}",
            f"near: {', '.join(near)}" if near else f"layers: {', '.join(known[:8])} ...",
        )
    return str(asked)
