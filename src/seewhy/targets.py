"""What is explained: one score an image, decided once, on the clean image."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol, runtime_checkable

import torch
from torch import OutOfMemoryError, Tensor, nn

from seewhy.asked import whole
from seewhy.errors import BadInput, BadOption, SeewhyError, UnknownName, Unsupported, first_line

Read = Callable[[Tensor, Tensor], Tensor]  # scores (n,k), image of each row (n,) -> (n,)


@dataclass(frozen=True, eq=False)
class Pinned:
    """A decided target. Called with model outputs (n,k) and the image each row belongs to: one score a row (n,).

    index: the class an image (b,), or None where the score is not of one class.
    key: equal for equal targets, so that gradients can be shared.
    """

    read: Read
    index: Tensor | None
    name: str
    key: Hashable
    transform: Callable[[Tensor], Tensor] = lambda outputs: outputs

    def __call__(self, outputs: Tensor, rows: Tensor | None = None) -> Tensor:
        rows = torch.arange(len(outputs), device=outputs.device) if rows is None else rows
        return self.read(self.transform(outputs), rows)


def several(target: Pinned | Sequence[Pinned]) -> Sequence[Pinned]:
    return [target] if isinstance(target, Pinned) else target


@runtime_checkable
class Target(Protocol):
    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        """Decide on the clean image's outputs (b,k); `find` turns a label into a class index."""
        ...


@dataclass(frozen=True)
class ClassLogit:
    """One class: an index, a label, or a list of them, one an image."""

    index: int | str | Sequence[int | str]

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        asked = self.index.tolist() if hasattr(self.index, "tolist") else self.index
        every = [*asked] if isinstance(asked, list | tuple | range) else [asked] * len(outputs)
        if len(every) != len(outputs):
            raise BadInput(f"{len(every)} targets for {len(outputs)} images", "give one target, or one an image")
        found = [find(one) if isinstance(one, str) else class_index(one, outputs) for one in every]
        return _class(torch.tensor(found, device=outputs.device), outputs, ", ".join(dict.fromkeys(map(str, every))))


@dataclass(frozen=True)
class Top:
    """The class with the (rank+1)-th highest output: Top() is the predicted class."""

    rank: int = 0

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        if outputs.ndim != 2:
            raise BadInput(
                f"the model returns {tuple(outputs.shape)}, so there is no predicted class of the whole image",
                "pass target=Region(mask, class) or a callable on the output",
            )
        rank = whole(self.rank, "rank")
        if not 0 <= rank < outputs.shape[1]:
            raise BadOption(f"rank {rank} of {outputs.shape[1]} classes", "count ranks from 0")
        index = outputs.topk(rank + 1, dim=1).indices[:, rank]
        return _class(index, outputs, "predicted" if rank == 0 else f"rank {rank}")


@dataclass(frozen=True)
class Contrast:
    """Why this and not that: the difference of two scores."""

    this: "Target | int | str | None"
    other: "Target | int | str"

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        this, other = (as_target(one).pin(outputs, find) for one in (self.this, self.other))
        return Pinned(
            lambda scores, rows: this.read(scores, rows) - other.read(scores, rows),
            this.index,
            f"{this.name} - {other.name}",
            ("contrast", this.key, other.key),
        )


@dataclass(frozen=True)
class Negative:
    """Evidence against: the negated score, for a binary model's other answer."""

    of: "Target | int | str | None" = None

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        pinned = as_target(self.of).pin(outputs, find)
        return Pinned(
            lambda scores, rows: -pinned.read(scores, rows), pinned.index, f"not {pinned.name}", ("not", pinned.key)
        )


@dataclass(frozen=True)
class Rest:
    """ReST-CAM's score, arXiv:2405.14400: the class's logit plus its log-probability."""

    of: "Target | int | str | None" = None

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        pinned = as_target(self.of).pin(outputs, find)
        return Pinned(
            lambda scores, rows: pinned.read(scores, rows) + pinned.read(scores.log_softmax(1), rows),
            pinned.index,
            f"rest {pinned.name}",
            ("rest", pinned.key),
        )


@dataclass(frozen=True)
class Branches:
    """Why one branch of a tree: the mean score of the classes below it, less the mean of its siblings' means.

    others: the classes below each sibling. log: take the scores' logarithms, where a function answers probabilities.
    odds: the logarithm of the branch's probability over that of its siblings, by the softmax, instead of means.
    """

    taken: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]
    log: bool = False
    odds: bool = False
    name: str = field(default="branch", compare=False)

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        if outputs.ndim != 2 or not (self.taken and self.others and all(self.others)):
            raise BadInput(f"branches over outputs {tuple(outputs.shape)}", "name classes of (b,k) on both sides")
        sides, rest = [list(classes) for classes in (self.taken, *self.others)], list(chain(*self.others))
        _check(torch.tensor([*self.taken, *rest]), outputs.shape[1])

        def read(scores: Tensor, rows: Tensor) -> Tensor:
            own = scores.clamp_min(torch.finfo(scores.dtype).tiny).log() if self.log else scores
            if self.odds:
                return own[:, sides[0]].logsumexp(1) - own[:, rest].logsumexp(1)
            means = torch.stack([own[:, side].mean(1) for side in sides])
            return means[0] - means[1:].mean(0)

        return Pinned(read, None, self.name, ("branches", self.taken, self.others, self.log, self.odds))


@dataclass(frozen=True, eq=False)
class Region:
    """Segmentation: the sum of one class's outputs (b,k,h,w) inside a mask (h,w) of True and False."""

    mask: Tensor
    of: int | str

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        if not hasattr(self.mask, "dtype"):
            raise BadInput(f"a mask that is {type(self.mask).__name__}", "give a tensor or an array (h,w)")
        mask = torch.as_tensor(self.mask, dtype=torch.bool, device=outputs.device)
        if outputs.ndim != 4 or mask.shape != outputs.shape[2:]:
            raise BadInput(
                f"a mask {tuple(mask.shape)} over outputs {tuple(outputs.shape)}", "the mask is (h,w) of the output"
            )
        index = find(self.of) if isinstance(self.of, str) else class_index(self.of, outputs)
        _check(torch.tensor([index]), outputs.shape[1])
        every = torch.full((len(outputs),), index, device=outputs.device)
        return Pinned(
            lambda scores, rows: scores[:, index][:, mask].sum(1),
            every,
            f"region {self.of}",
            ("region", id(self.mask), index),
        )


@dataclass(frozen=True, eq=False)
class Custom:
    """Any function of the model's outputs (n,k) that gives one score a row (n,)."""

    function: Callable[[Tensor], Tensor]

    def pin(self, outputs: Tensor, find: Callable[[str], int]) -> Pinned:
        if not callable(self.function):
            raise BadOption(f"Custom({self.function!r})", "give a function of the model's outputs")
        name = getattr(self.function, "__name__", "callable")
        return Pinned(lambda scores, rows: self._read(scores), None, name, ("custom", id(self.function)))

    def _read(self, scores: Tensor) -> Tensor:
        try:
            found = self.function(scores)
        except (OutOfMemoryError, SeewhyError):
            raise
        except Exception as error:  # whatever a function of the user's does
            raise BadOption(
                f"the target function raised {type(error).__name__}: {first_line(error)}",
                f"it was given the model's outputs {tuple(scores.shape)}",
            ) from error
        if not isinstance(found, Tensor) or found.shape != scores.shape[:1]:
            what = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
            raise BadOption(
                f"the target function returned {what} for {len(scores)} images", "return one score an image"
            )
        return found


Askable = Target | int | str | Sequence[int | str] | Callable[[Tensor], Tensor] | None


def as_target(asked: Askable) -> Target:
    """None is the predicted class; an int, a label or a list names classes; a callable reads the output."""
    if asked is None:
        return Top()
    if isinstance(asked, Target) and not isinstance(asked, type):
        return asked
    if callable(asked) and not isinstance(asked, type | nn.Module):
        return Custom(asked)
    return ClassLogit(asked)  # type: ignore[arg-type]  # what is no class either is refused there


def class_index(asked: Any, outputs: Tensor) -> int:
    """A class's number. Not a truth or a fraction: they would be taken for class 0 or 1."""
    if isinstance(asked, bool) or not isinstance(asked, int):
        raise BadOption(
            f"{asked!r} is no target",
            "give a class's index or label, a list with one an image, or seewhy.Contrast, ...",
        )
    return min(asked, outputs.shape[1]) if asked >= 0 else max(asked, -1)  # what torch can hold; _check tells


def _class(index: Tensor, outputs: Tensor, name: str) -> Pinned:
    if outputs.ndim != 2:
        raise BadInput(
            f"the model returns {tuple(outputs.shape)}, not one score a class and image",
            "pass target=Region(mask, class) or a callable on the output",
        )
    _check(index, outputs.shape[1])

    def read(scores: Tensor, rows: Tensor) -> Tensor:
        return scores.gather(1, index.to(scores.device)[rows][:, None])[:, 0]

    return Pinned(read, index, name, ("class", tuple(index.tolist())))


def _check(index: Tensor, classes: int) -> None:
    for one in index.tolist():
        if not 0 <= one < classes:
            raise UnknownName(f"class {one} of a model with {classes} classes", f"classes are 0 to {classes - 1}")


def as_decided(key: Hashable) -> tuple[Any, ...]:
    """A pinned target's key as plain data; of a mask, a function or a target of the user's own only its kind."""
    kind, *parts = key if isinstance(key, tuple) and key else ("custom",)
    if kind in ("class", "branches"):
        return (kind, *parts)
    return (kind, *map(as_decided, parts)) if kind in _WRAPPERS else (str(kind),)


def from_decided(decided: tuple[Any, ...]) -> Target:
    """The target an Explanation's `decided` stands for. Raises Unsupported for a region or a function of one's own."""
    kind, *parts = decided or ("custom",)
    if kind == "class":
        return ClassLogit(list(parts[0]))
    if kind == "branches":
        return Branches(*parts)
    if kind not in _WRAPPERS:
        raise Unsupported(f"the target was a {kind} of your own, which is not stored", "explain it again in Python")
    return _WRAPPERS[kind](*map(from_decided, parts))


_WRAPPERS: dict[str, Callable[..., Target]] = {"contrast": Contrast, "not": Negative, "rest": Rest}
