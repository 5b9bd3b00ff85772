"""The one way from calls of attention to a map; a method only says what each call does to what lies on its tokens."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from seewhy.errors import BadOption, Unsupported
from seewhy.model import Model
from seewhy.model.flow import Flow, back, begin
from seewhy.model.fused import Attention
from seewhy.model.grids import trusted
from seewhy.model.tokens import Attended
from seewhy.registry import option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together
from seewhy.types import Map, Pixels

Step = Callable[[Tensor], tuple[Tensor, Tensor]]


class OfAttention(Together):
    """A method that reads calls of attention of one forward, which all such methods share."""

    @abstractmethod
    def cut(self, model: Model, x: Pixels) -> int | None:
        """The call that the graph has to start at; None where no gradient is taken. Raises where it can't serve."""

    def reads(self, model: Model, x: Pixels) -> Sequence[str]:
        """Whose outputs it reads besides, in that graph."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Flowing(OfAttention):
    """Relevance that flows back through the calls of attention, from the tokens that the scores are read from.

    The row of CLS is followed, or the mean over the cells where the head pools them: only it is read in the end, so
    no product of two matrices is ever formed. Values (b,1,r,q) lie on the finest grid of tokens; extras: others (b,o),
    what reaches CLS, distillation and register tokens.
    """

    start_layer: int = option(0, "the first call of attention that takes part, counted from 0, or from the end: -1")

    with_gradients = True

    def step(self, known: Attended, call: Attention, grads: Sequence[Tensor]) -> Step:
        """What a call makes of what lies on its queries (k,b,windows,n): what stays there, and what its keys get.

        grads: for each target the score's gradient with respect to what the call returns.
        """
        raise NotImplementedError  # not abstract: transformer_attribution leaves it to a Flowing of its own

    def cut(self, model: Model, x: Pixels) -> int | None:
        calls = usable(model, x)
        first = counted(self.start_layer, len(calls), "start_layer")
        in_a_row(calls[first:])
        return first if self.with_gradients else None

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        calls = usable(model, x)
        first = counted(self.start_layer, len(calls), "start_layer")
        calls, asked = calls[first:], targets if self.with_gradients else []
        start = model.census(x).start
        shape: list[Any] = []

        def read(found: list[Attention], grads: list[list[Tensor]]) -> Tensor:
            flow = self.begun(begin(start, found[-1], calls[-1], max(1, len(asked))))
            for i in reversed(range(len(calls))):
                flow = back(flow, calls[i], self.step(calls[i], found[i], [one[i] for one in grads]))
            flow = self.ended(flow)
            shape[:] = [flow.others.shape[-1], flow.cells.shape[2:]]
            return flow.tokens().movedim(0, 1)

        every = model.followed(x, self.cut(model, x)).read(asked, first, read).movedim(1, 0)
        notes = [*self.said(), *unproved(calls)]
        return [as_map(one, shape[0], shape[1], notes) for one in every.expand(len(targets), -1, -1)]

    def begun(self, flow: Flow) -> Flow:
        """What flows back, of the share of each query that the scores are read from (k,...)."""
        return flow

    def ended(self, flow: Flow) -> Flow:
        """The map (k,...), of what has come back."""
        return flow

    def said(self) -> list[str]:
        """What a method has to say of how it was computed."""
        return []


def as_map(rows: Tensor, others: int, cells: Sequence[int], notes: Sequence[str]) -> Map:
    """What lies on the tokens (b,n) as a map (b,1,r,q): of cells (t,r,q) their mean over time."""
    found = rows[:, None, others:].unflatten(2, tuple(cells))
    return Map(found if found.ndim == 4 else found.mean(2), {"others": rows[:, :others]}, notes)


def usable(model: Model, x: Pixels) -> Sequence[Attended]:
    """The calls of attention of pixels like x. Raises Unsupported where the place of one's tokens is not known."""
    census = model.census(x)
    calls, hint = census.attention, "CAMs, gradients and perturbations do not need to know"
    if census.unfollowed:
        said = f"what {census.unfollowed[0]!r} attends to can't be followed: no product with its softmax was seen"
        raise Unsupported(said, hint)
    for one in calls:
        if one.queries is None or one.keys is None or not _placed(one):
            raise Unsupported(
                f"what attends in {one.layer!r} ({one.counts[0]} to {one.counts[1]}) is on no grid that can be proved",
                f"it may attend over channels, or over windows of its own; {hint}",
            )
    return calls


def in_a_row(calls: Sequence[Attended]) -> Sequence[Attended]:
    """The same calls, of which each is behind the one before. Raises Unsupported where they are in branches."""
    for one in calls[1:]:
        if not one.behind:
            raise Unsupported(
                f"what attends in {one.layer!r} is not behind what attends before it: the network has branches",
                "raw_attention shows one call alone; CAMs and gradients do not need to know",
            )
    return calls


def _placed(one: Attended) -> bool:
    return one.keys is not None and (not any(one.keys.cells) or trusted(one.keys.cells, one.locality))


def unproved(calls: Sequence[Attended]) -> list[str]:
    """What must be said of tokens that may not lie on the picture as their number suggests."""
    say = "less than half of what a change of a place of the picture does shows there"
    notes = [f"the grid of the tokens in {one.layer!r} is unproved: {say}" for one in calls if not one.proved]
    spread = [(one.locality, one.layer) for one in calls if one.spread]
    if spread:
        share, layer = min(spread)
        notes.append(f"places are told less well by the tokens in {layer!r}: {share:.0%} of a change stays there")
    return notes


def counted(asked: int, count: int, what: str) -> int:
    """A call's number from 0, of one counted from either end."""
    if not -count <= asked < count:
        raise BadOption(
            f"{what} is {asked}", f"there are {count} calls of attention: 0 to {count - 1}, or -1 for the last"
        )
    return asked % count
