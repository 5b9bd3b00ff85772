"""What is kept of a forward that is watched: shapes, copies of maps and tokens, and which functions ran."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from seewhy.model.head import pooled
from seewhy.model.layouts import layouts
from seewhy.model.rules import ACTIVATIONS
from seewhy.model.tape import Recorder
from seewhy.model.tokens import Found, located

Looks = Callable[[str, nn.Module, Any], None]  # at what a module of this name returned


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
    last: tuple[Any, int, str] = (None, 0, "")  # what was copied last, its version then, and whose output it was

    def layer(self, name: str, _module: nn.Module, output: Any) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if name in self.order:
            self.order.remove(name)
        self.order.append(name)
        output = alone(output)
        if isinstance(output, Tensor):
            self.shapes[name] = tuple(output.shape[1:])
            if output.ndim in (3, 4):
                self.outputs[name] = self._copied(name, output)
                self.nodes[name] = output.grad_fn
            if output.ndim == 3 and output.requires_grad:
                self.tokens[name] = output
            self.bytes[output.data_ptr()] = output.nbytes // max(1, len(output))

    def _copied(self, name: str, output: Tensor) -> Tensor:
        """A copy, since an in-place layer behind may rewrite it: one of what several modules return, one around the
        other."""
        known, version, whose = self.last
        if output is known and output._version == version:
            return self.outputs[whose]
        self.last = (output, output._version, name)
        return output.detach().clone()

    def function(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        maps = pooled(name, args, kwargs, output)
        if name in ACTIVATIONS:
            self.activations.append(name)
        elif maps is not None:
            self.pooled.append(maps.detach().clone())
        elif name == "sigmoid":
            self.sigmoid = output.detach().clone()


@dataclass
class Moved:
    """How local what each layer returns for three `disturbed` images is against what it returned for two, looked at
    as it comes: no more of it is kept than that."""

    before: Seen
    size: tuple[int, int]
    frames: int
    found: dict[str, list[Found]] = field(default_factory=dict)

    def layer(self, name: str, _module: nn.Module, output: Any) -> None:
        output, before = alone(output), self.before.outputs.get(name)
        self.found.pop(name, None)  # of more calls than one the last counts
        if isinstance(output, Tensor) and before is not None and output.shape == (3, *before.shape[1:]):
            self.found[name] = located(self.before.shapes[name], before, output.detach(), self.size, self.frames)

    @property
    def places(self) -> dict[str, list[Found]]:
        """Of each layer that returns maps or tokens; those that returned none now are nowhere for sure."""
        unknown = (name for name, one in self.before.outputs.items() if len(one) == 2)
        return {
            name: self.found.get(name)
            or [(one, None) for one in layouts(self.before.shapes[name], self.size, self.frames)]
            for name in unknown
        }


def alone(output: Any) -> Any:
    """What a layer returns, out of a list of nothing else."""
    return output[0] if isinstance(output, tuple | list) and len(output) == 1 else output


def both(look: Looks, recorder: Recorder) -> Looks:
    def saw(name: str, module: nn.Module, output: Any) -> None:
        with recorder.paused():  # what is looked at here is no part of the forward
            look(name, module, output)
        recorder.end(name, output)

    return saw
