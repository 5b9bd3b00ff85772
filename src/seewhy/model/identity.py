"""Which network it is: what stands inside a wrapper, and a fingerprint of its weights."""

import copy
import hashlib
from typing import Any

import torch
from torch import nn

from seewhy.errors import Unsupported


def unwrapped(module: nn.Module) -> nn.Module:
    """The network inside DataParallel, DistributedDataParallel or torch.compile, which hooks and modes can see into."""
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


def fingerprint(module: nn.Module, known: dict[Any, Any]) -> str:
    """A hash of all parameters and buffers, taken anew only when one of them was changed."""
    state = module.state_dict()
    version = tuple((t.data_ptr(), t._version) for t in state.values() if isinstance(t, torch.Tensor))
    if known.get("version") != version:
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in state.items():
            digest.update(name.encode())
            if isinstance(tensor, torch.Tensor):
                raw = tensor.detach().contiguous().cpu().reshape(-1)
                digest.update(raw.view(torch.uint8).numpy().tobytes() if raw.numel() else b"")
        known["version"], known["fingerprint"] = version, digest.hexdigest()
    return str(known["fingerprint"])
