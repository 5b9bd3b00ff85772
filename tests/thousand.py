"""`python -m thousand`: the resident peak of a thousand outputs' Owen values, with their maps, in bytes.

By itself, since what other tests leave behind would be counted too.
"""

import torch
from torch import Tensor, nn

from benchmarks import probe
from seewhy import Model, compare


class Wide(nn.Module):
    """A thousand outputs, and hardly an activation."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(3 * 49, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(nn.functional.adaptive_avg_pool2d(x, 7).flatten(1))


def main() -> int:
    torch.manual_seed(0)
    model = Model(Wide(), mean=(0.5,) * 3, std=(0.2,) * 3, size=(224, 224))
    x = torch.rand(1, 3, 224, 224)
    compare(model, x, ["partition_shap"], [0], options={"partition_shap": {"max_evals": 40}})
    probe.forget()
    own = probe.resident("VmRSS")
    found = compare(model, x, ["partition_shap"], list(range(1000)), memory=2**23)
    assert sum(one.values.nbytes for one in found) == 1000 * 224 * 224 * 4, "all are there to be read"
    return probe.resident("VmHWM") - own


if __name__ == "__main__":
    print(main())
