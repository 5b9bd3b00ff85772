"""A network's forward: the module as it is, and the programs that its tape was made into."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.errors import BadInput, HeadFailed, ModelFailed, SeewhyError, Unsupported, first_line
from seewhy.model import census as probing
from seewhy.model import opaque
from seewhy.model.apart import Run
from seewhy.model.census import Census
from seewhy.model.changes import Look, looked
from seewhy.model.compiling import Compiling, Trial
from seewhy.model.half import Compared, lacking
from seewhy.model.programs import Programs
from seewhy.model.recorded import Meter
from seewhy.model.rules import Rule, ruled
from seewhy.model.stream import out_of_memory
from seewhy.model.trace import Reached, alone, frozen
from seewhy.rng import untouched
from seewhy.types import Pixels


@dataclass(frozen=True, eq=False)
class Forward:
    """A module and its normalisation.

    fast: run what its tape was made into where that gives the same; else the module as it is, always. fold: batch norms
    go into the convolutions where gradients of pixels are taken, too; a result holds what that moves them by. compile:
    scores of many variants by a compiled program, where that is faster. compared: where it is there, variants are
    scored in bfloat16.
    """

    module: nn.Module
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    head: Callable[[Any], Tensor] | None = field(default=None, kw_only=True)
    fast: bool = field(default=True, kw_only=True)
    fold: bool = field(default=False, kw_only=True)
    compile: bool = field(default=False, kw_only=True)
    compared: Compared | None = field(default=None, repr=False, kw_only=True)
    compiling: Compiling | None = field(default=None, repr=False, kw_only=True)  # of one call
    meter: Meter = field(default_factory=Meter, repr=False, kw_only=True)
    _known: dict[Any, Any] = field(default_factory=dict, repr=False, kw_only=True)  # censuses, by input size

    @property
    def device(self) -> torch.device:
        return next((t.device for t in self._tensors()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        if isinstance(self.module, opaque.Opaque):
            return self.module.dtype
        return next((t.dtype for t in self._tensors() if t.is_floating_point()), torch.float32)

    @property
    def pixel_dtype(self) -> torch.dtype:
        """What pixels are computed in."""
        return torch.float64 if self.dtype == torch.float64 else torch.float32

    @property
    def probe_size(self) -> tuple[int, int]:
        """Height and width of the input that is probed where none is given."""
        return (224, 224)

    def census(self, x: Pixels | None = None) -> Census:
        """What one probing forward tells, for inputs of x's size (default: the model's own)."""
        size = tuple(x.shape[2:]) if x is not None else self.probe_size
        found: Census | None = self._known.get(size)
        if found is None:
            with self.frozen():
                x = self.probe(size)
                found = self._known[size] = (
                    opaque.take(self.module, self._forward, x)
                    if isinstance(self.module, opaque.Opaque)
                    else probing.take(self.module, self._forward, x)
                )
        return found

    def probed(self) -> Tensor:
        """Outputs (2,k) for two random images of the model's own size."""
        with self.frozen():
            return probing.scores(self.scored, self.probe())

    def probe(self, size: tuple[int, ...] | None = None) -> Pixels:
        """Two random images (2,c,h,w), always the same, of a size or the model's own."""
        generator = torch.Generator().manual_seed(0)
        pixels = torch.rand((2, len(self.mean), *(size or self.probe_size)), generator=generator)
        return pixels.to(self.device, self.pixel_dtype)

    def programs(self, x: Pixels) -> Programs | None:
        """The network's forward as programs for inputs of x's size; None where it can't be written down."""
        size = tuple(x.shape[2:])
        tape = self.census(x).tape if self.fast and x.dtype == self.pixel_dtype else None
        if tape is None:
            return None
        key = ("programs", self.fold, size)
        if key not in self._known:
            self._known[key] = Programs(tape, self._forward, self.probe(size), self.fold)
        found: Programs = self._known[key]
        return found

    def _settle(self) -> Look:
        """Forget what is no longer so of a module changed since: all of it, or what was made of its weights."""
        look = looked(self.module, self._known)
        if self._known.get("structure", look.structure) != look.structure:
            self._known.clear()
            self._known["look"] = look
        changed = look.weights()
        if self._known.get("weights", changed) != changed:
            for made in self._known.values():
                if isinstance(made, Programs):
                    made.renew()
        self._known["structure"], self._known["weights"] = look.structure, changed
        return look

    @contextmanager
    def frozen(self) -> Iterator[nn.Module]:
        """The module as a call runs it, then exactly as it was; within such a call nothing more is done."""
        with alone(self.module):
            if self._known.get("open"):
                yield self.module
                return
            look = self._settle()
            self._known["open"] = True
            try:
                with untouched(self.device), frozen(self.module, look.inside):
                    yield self.module
            finally:
                self._known["open"] = False

    def __call__(self, x: Pixels) -> Tensor:
        """Outputs (b,k) for pixels (b,c,h,w) in [0,1], in whatever gradient mode is set."""
        return self._counted(self._forward(x))

    def scored(self, x: Pixels) -> Tensor:
        """Outputs (b,k) for pixels (b,c,h,w), without a graph."""
        programs = self.programs(x)
        run = programs.scoring() if programs else None
        with torch.no_grad():
            return self._counted(run(x)) if run else self(x)

    def perhaps_compiled(self, x: Pixels, compiling: Compiling) -> Tensor:
        """Outputs of one of many chunks, by a compiled program where that is faster."""
        programs = self.programs(x)
        run = programs.scoring() if programs else None
        if run is None:
            compiling.refused("unwritten")
            return self.scored(x)
        key = ("compiled", *x.shape)
        trial: Trial | None = self._known.get(key)
        if trial is None or trial.eager is not run:  # its weights have changed
            trial = self._known[key] = Trial(run)
        with torch.no_grad():
            return self._counted(compiling.outputs(trial, x))

    def halved(self, x: Pixels) -> Run:
        """Outputs in bfloat16 for pixels of x's size; raises Unsupported, with the reason, where they can't be had."""
        why, programs = lacking(self.device), self.programs(x)
        run = programs.halved() if programs and not why else None
        if run is None:
            why = why or (programs.refused["half"] if programs else self.census(x).why_no_tape or "fast=False is set")
            raise Unsupported(f"variants can't be scored in bfloat16: {why}", "leave precision= out")
        return run

    def roughly_scored(self, x: Pixels, rows: Tensor, compared: Compared) -> Tensor:
        """Outputs in bfloat16 of variants (m,c,h,w) of the images (m,), the first of them compared with float32's."""
        with torch.no_grad():
            out = self._counted(self.halved(x)(x))
            some = compared.wanted(rows)
            if len(some):
                compared.keep(out[some], self.scored(x[some]), rows[some])
        return out

    def differentiable(self, x: Pixels, rules: Mapping[str, Rule] | None = None) -> Tensor:
        """Outputs (b,k) for pixels (b,c,h,w) that require a gradient. rules: what changes the backward of functions."""
        programs = self.programs(x)
        run = programs.backward(rules) if programs else None
        if run is not None:
            self.meter.folded |= self.fold
            return self._counted(run(x))
        with ruled(rules):
            return self(x)

    def _counted(self, out: Any) -> Tensor:
        if not isinstance(out, Tensor):
            raise ModelFailed(f"the model returns {type(out).__name__}", "pick the scores with head=lambda output: ...")
        self.meter.count(forward=len(out))
        return out if out.dtype == torch.float64 else out.float()

    def _tensors(self) -> Iterator[Tensor]:
        yield from self.module.parameters()
        yield from self.module.buffers()

    def _forward(self, x: Tensor) -> Any:
        return self.through(self.normalised(x))

    def normalised(self, x: Tensor) -> Tensor:
        """What the module is given for pixels."""
        wide = x if x.dtype == torch.float64 else x.float()
        mean, std = (wide.new_tensor(value)[:, None, None] for value in (self.mean, self.std))
        return (wide - mean).div_(std).to(self.dtype)  # in place: a second batch of pixels is memory mapped anew

    def through(self, normalised: Tensor) -> Any:
        """What the module and the head make of normalised pixels."""
        try:
            out = self._run(normalised)
        except Exception as error:
            if out_of_memory(error) or isinstance(error, SeewhyError | Reached):
                raise
            raise ModelFailed(
                f"the model raised {type(error).__name__}: {first_line(error)}",
                f"its input was {tuple(normalised.shape)}",
            ) from error
        if self.head is not None:
            try:
                return self.head(out)
            except Exception as error:
                raise HeadFailed(
                    f"head= raised {type(error).__name__}: {first_line(error)}",
                    f"it was given the model's output, a {type(out).__name__}",
                ) from error
        return out.logits if isinstance(getattr(out, "logits", None), Tensor) else out

    def _run(self, x: Tensor) -> Any:
        """What the module makes of normalised pixels (b,c,h,w)."""
        return self.module(x)

    def checked(self, x: Any) -> Pixels:
        """Pixels on the model's device, or a refusal."""
        if x.shape[1] != len(self.mean):
            raise BadInput(f"{x.shape[1]} channels for a model with {len(self.mean)}", "see the model's mean and std")
        pixels: Pixels = x.to(self.device, self.pixel_dtype)
        return pixels
