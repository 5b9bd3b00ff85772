"""What is kept of a forward that is watched: shapes, copies of maps and tokens, and which functions ran."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from seewhy.model.head import pooled
from seewhy.model.rules import ACTIVATIONS
from seewhy.model.tape import Recorder


@dataclass
class Seen:
    """What layers returned and which functions ran, in the order in which they ended."""

    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    tokens: dict[str, Tensor] = field(default_factory=dict)  # those of (b,n,d), in the graph
    nodes: dict[str, Any] = field(default_factory=dict)  # of the graph, where maps or tokens were made
    activations: list[str] = field(default_factory=list)
    pooled: list[Tensor] = field(default_factory=list)
    sigmoid: Tensor | None = None  # what the last one returned
    bytes: dict[int, int] = field(default_factory=dict)  # of one image, by address: what works in place adds nothing

    def layer(self, name: str, _module: nn.Module, output: Any) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if name in self.order:
            self.order.remove(name)
        self.order.append(name)
        if isinstance(output, tuple | list) and len(output) == 1:
            output = output[0]
        if isinstance(output, Tensor):
            self.shapes[name] = tuple(output.shape[1:])
            if output.ndim in (3, 4):  # a copy: an in-place layer behind may rewrite it
                self.outputs[name] = output.detach().clone()
                self.nodes[name] = output.grad_fn
            if output.ndim == 3 and output.requires_grad:
                self.tokens[name] = output
            self.bytes[output.data_ptr()] = output.nbytes // max(1, len(output))

    def function(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        maps = pooled(name, args, kwargs, output)
        if name in ACTIVATIONS:
            self.activations.append(name)
        elif maps is not None:
            self.pooled.append(maps.detach().clone())
        elif name == "sigmoid":
            self.sigmoid = output.detach().clone()


def both(seen: Seen, recorder: Recorder) -> Callable[[str, nn.Module, Any], None]:
    def saw(name: str, module: nn.Module, output: Any) -> None:
        with recorder.paused():  # what is looked at here is no part of the forward
            seen.layer(name, module, output)
        recorder.end(name, output)

    return saw
