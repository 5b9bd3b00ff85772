"""Raw attention: what one layer's attention weights say."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from seewhy.attentions import OfAttention, as_map, counted, unproved, usable
from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.model.flow import at, begin, heads_fused, through
from seewhy.model.fused import Attention
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "raw_attention",
    Need.ATTENTION,
    title="Attention weights",
    family="attention",
    paper="arXiv:2010.11929",
    cost="1 forward",
    sign="positive",
    starts="attention",
)
class RawAttention(OfAttention):
    """How much the tokens that scores are read from attend to each place, in one call of attention.

    Of CLS its row, of a head that pools the mean over the cells' rows. Values (b,1,r,q) and `others` (b,o) add up to 1
    for one head or the mean of all. It knows of no class.
    """

    attention: int = option(-1, "the call of attention, counted from 0, or from the end: -1 is the last")
    head: Any = option("mean", "a head's number, or the 'mean', 'max' or 'min' of all")

    def cut(self, model: Model, x: Pixels) -> None:
        """No gradient is taken. Raises where it can't serve."""
        calls = usable(model, x)
        self._head(calls[counted(self.attention, len(calls), "attention")].heads)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        calls = usable(model, x)
        chosen = counted(self.attention, len(calls), "attention")
        known, start = calls[chosen], model.census(x).start
        one, how = self._head(known.heads), self.head if isinstance(self.head, str) else "mean"
        shape: list[Any] = []

        def read(found: list[Attention], _grads: Any) -> Tensor:
            call = found[chosen] if one is None else found[chosen].of_heads(slice(one, one + 1))
            weights = heads_fused(known, call, how)
            assert known.queries is not None and known.keys is not None  # usable says so
            rows = begin(start, call, known, 1).on(known.queries)
            flow = at(known.keys, through(rows, weights))
            shape[:] = [flow.others.shape[-1], flow.cells.shape[2:]]
            return flow.tokens()[0]

        rows = model.followed(x, None).read([], 0, read)
        notes = ["attention weights know of no class: the map is the same for all", *unproved([known])]
        return [as_map(rows, shape[0], shape[1], notes) for _ in targets]

    def _head(self, count: int) -> int | None:
        """The head's number, None for all of them."""
        if self.head in ("mean", "max", "min"):
            return None
        if isinstance(self.head, bool) or not isinstance(self.head, int) or not 0 <= self.head < count:
            raise BadOption(f"head is {self.head!r}", f"0 to {count - 1}, or 'mean', 'max', 'min'")
        return self.head
