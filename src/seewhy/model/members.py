"""What a module is made of, each once, in the order of `Module.modules`; without the recursion that takes torch's own
walks a millisecond each on networks of hundreds of layers."""

from collections.abc import Sequence

from torch import Tensor, nn


def modules(root: nn.Module) -> list[nn.Module]:
    found: dict[nn.Module, None] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            if one._modules:
                waiting += [inner for inner in reversed(one._modules.values()) if inner is not None]
    return list(found)


def parameters(inside: Sequence[nn.Module]) -> list[nn.Parameter]:
    """Of these modules alone, not of what stands in them."""
    return list({id(p): p for one in inside for p in one._parameters.values() if p is not None}.values())


def buffers(inside: Sequence[nn.Module]) -> list[Tensor]:
    """Of these modules alone, not of what stands in them."""
    return list({id(b): b for one in inside for b in one._buffers.values() if b is not None}.values())
