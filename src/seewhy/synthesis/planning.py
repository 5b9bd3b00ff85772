"""How pictures are optimised, whatever for: what a user asks for, checked once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import torch

from seewhy import __version__
from seewhy.asked import listed, number, whole
from seewhy.errors import BadOption
from seewhy.model import pair
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.parametrization import Parametrization, parametrization
from seewhy.synthesis.parsing import parse
from seewhy.synthesis.transforms import Transforms

SMALLEST = 4  # pixels of a side


class Step(NamedTuple):
    """How far an optimisation is. values: of each objective in this step, the mean of its batch."""

    done: int
    total: int
    values: tuple[float, ...]


Tell = Callable[[Step], Any]  # ends the optimisation where it returns True


@dataclass(frozen=True)
class Plan:
    """kept: the steps at which pictures are kept, the last one included. redirect: so many steps have redirected
    gradients."""

    size: tuple[int, int]
    batch: int
    kept: tuple[int, ...]
    parametrization: Parametrization
    transforms: Transforms
    lr: float
    redirect: int
    seed: int

    @property
    def steps(self) -> int:
        return self.kept[-1]

    def draws(self, what: int) -> list[torch.Generator]:
        """A generator a picture of a batch, the same for every objective; `what` sets apart what is drawn."""
        return [torch.Generator().manual_seed((self.seed * 65537 + at) * 2 + what) for at in range(self.batch)]

    def told(self) -> Mapping[str, Any]:
        """All of it in plain values, for a manifest."""
        found = {one.name: plain(getattr(self, one.name)) for one in fields(self) if one.name != "seed"}
        return {**found, "optimizer": "Adam", "see_through": self.parametrization.see_through}


def planned(
    *,
    size: Any,
    steps: Any,
    thresholds: Any,
    batch: Any,
    made_of: Any,
    transforms: Transforms | None,
    lr: float | None,
    redirect: Any,
    seed: Any,
) -> Plan:
    """Raises BadOption for what no optimisation can be run with."""
    both = pair(size)
    if both is None or min(both) < SMALLEST:
        raise BadOption(f"size is {size!r}", f"give a height and a width of at least {SMALLEST} pixels")
    last = whole(steps, "steps", 1)
    kept = {whole(one, "a threshold", 1, last) for one in listed(thresholds, "thresholds", "thresholds=(32, 128)")}
    if transforms is not None and not isinstance(transforms, Transforms):
        raise BadOption(f"transforms is {transforms!r}", "give synthesis.Transforms(...), or synthesis.NONE")
    found = parametrization(made_of)
    return Plan(
        size=both,
        batch=whole(batch, "batch", 1),
        kept=tuple(sorted({*kept, last})),
        parametrization=found,
        transforms=Transforms() if transforms is None else transforms,
        lr=found.lr if lr is None else number(lr, "lr", 1e-12),
        redirect=whole(redirect, "redirect", 0),
        seed=whole(seed, "seed", 0),
    )


def objectives_of(asked: Any) -> list[Objective]:
    """Objectives given as text or as they are; one alone, or several."""
    one = isinstance(asked, Objective | str)
    each = [asked] if one else listed(asked, "objectives", 'give a list: ["layer4:12", "class:tabby"]')
    if not each:
        raise BadOption("no objective is asked for", 'name at least one, such as "layer4:12" or "class:tabby"')
    return [_objective(one) for one in each]


def _objective(asked: Any) -> Objective:
    if isinstance(asked, str):
        return parse(asked)
    if not isinstance(asked, Objective):
        raise BadOption(f"an objective is {asked!r}", 'give a text such as "layer4:12", or one of synthesis.objectives')
    return asked


def plain(value: Any) -> Any:
    """What JSON holds of an option."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__, **{one.name: plain(getattr(value, one.name)) for one in fields(value)}}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def versions() -> dict[str, str]:
    return {"seewhy": __version__, "torch": torch.__version__}
