"""Batch norms folded into the convolutions before them: for the physical limit alone, apart from seewhy's engine."""

import copy
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.transforms import Normalize


class _Whole(torch.fx.Tracer):
    """Convolutions, batch norms and the normalisation stay whole: inside they decide by what they are given."""

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, nn.Conv2d | _BatchNorm | Normalize) or super().is_leaf_module(module, name)


def folded(net: nn.Module) -> nn.Module | None:
    """A copy without its batch norms; None where there is none to fold, or the network can't be traced."""
    if not any(isinstance(one, _BatchNorm) for one in net.modules()):
        return None
    net = copy.deepcopy(net)
    try:
        graph = _Whole().trace(net)
    except Exception:  # a network that decides by its values: it has no folded form here
        return None
    modules, done = dict(net.named_modules()), 0
    for node in graph.nodes:
        norm, before = _module(modules, node), _module(modules, node.args[0]) if node.args else None
        if not isinstance(norm, _BatchNorm) or not isinstance(before, nn.Conv2d) or len(node.args[0].users) > 1:
            continue
        fused = fuse_conv_bn_eval(before, norm)
        before.weight, before.bias = fused.weight, fused.bias
        rest = [getattr(norm, name) for name in ("drop", "act") if hasattr(norm, name)]  # timm's hold an activation
        _replace(net, node.target, nn.Sequential(*rest) if rest else nn.Identity())
        done += 1
    return net.requires_grad_(False) if done else None


def _module(modules: dict[str, nn.Module], node: Any) -> nn.Module | None:
    return modules.get(node.target) if getattr(node, "op", "") == "call_module" else None


def _replace(net: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(net.get_submodule(parent), child, new)
