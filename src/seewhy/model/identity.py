"""Which network it is: what stands inside a wrapper, and a fingerprint of its weights."""

import copy
import hashlib
from typing import Any

import torch
from torch import nn

from seewhy.errors import Unsupported
from seewhy.model.changes import looked
from seewhy.model.views import Adapted


def unwrapped(module: nn.Module) -> nn.Module:
    """The network inside DataParallel, DistributedDataParallel or torch.compile, which hooks and modes can see into."""
    if is_keras(module):
        from seewhy.sources.keras import adopted  # the one look upwards: Keras is imported there alone

        return adopted(module)
    while True:
        inner = getattr(module, "_orig_mod", None)
        if inner is None and isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = module.module
        if not isinstance(inner, nn.Module):
            break
        module = inner
    if any(p.is_inference() for p in [*module.parameters(), *module.buffers()]):
        with torch.inference_mode(False):
            return copy.deepcopy(module)  # inference tensors take no part in a backward; their copies do
    if any(isinstance(p, nn.parameter.UninitializedParameter) for p in module.parameters()):
        raise Unsupported("the model has lazy layers that never ran", "run it once on an input of its size")
    return module


def is_keras(module: nn.Module) -> bool:
    """Whether it is Keras's own, without importing Keras."""
    return any(one.__module__.partition(".")[0] == "keras" for one in type(module).__mro__)


def in_precision(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy that computes in another precision."""
    return module.in_precision(dtype) if isinstance(module, Adapted) else copy.deepcopy(module).to(dtype)


def title(module: nn.Module) -> str:
    """What to call it where nobody says."""
    return module.called if isinstance(module, Adapted) else type(module).__name__


def fingerprint(module: nn.Module, known: dict[Any, Any]) -> str:
    """A hash of all parameters and buffers, taken anew only when one of them was changed."""
    version = known["weights"] if known.get("open") else looked(module, known).weights()
    if known.get("version") != version:
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in module.state_dict().items():
            digest.update(name.encode())
            if isinstance(tensor, torch.Tensor):
                raw = tensor.detach().contiguous().cpu().reshape(-1)
                digest.update(raw.view(torch.uint8).numpy().tobytes() if raw.numel() else b"")
        known["version"], known["fingerprint"] = version, digest.hexdigest()
    return str(known["fingerprint"])
