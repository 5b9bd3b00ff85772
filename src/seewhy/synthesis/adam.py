"""Adam (Kingma and Ba, arXiv:1412.6980), element by element, so that pictures of a batch don't meet in it."""

from collections.abc import Sequence

import torch
from torch import Tensor

FIRST, SECOND, SMALL = 0.9, 0.999, 1e-8


class Adam:
    """Descends: torch.optim.Adam's numbers, without what its import brings along."""

    def __init__(self, parameters: Sequence[Tensor], lr: float) -> None:
        self.parameters, self.lr, self._done = parameters, lr, 0
        self._moments = [(torch.zeros_like(one), torch.zeros_like(one)) for one in parameters]

    def step(self, grads: Sequence[Tensor | None]) -> None:
        """One step against the gradients; None is a gradient of 0."""
        self._done += 1
        with torch.no_grad():
            for parameter, grad, (mean, square) in zip(self.parameters, grads, self._moments, strict=True):
                own = torch.zeros_like(parameter) if grad is None else grad
                mean.lerp_(own, 1 - FIRST)
                square.mul_(SECOND).addcmul_(own, own, value=1 - SECOND)
                spread = (square / (1 - SECOND**self._done)).sqrt_().add_(SMALL)
                parameter.addcdiv_(mean, spread, value=-self.lr / (1 - FIRST**self._done))
