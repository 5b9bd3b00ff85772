"""Networks that look at videos, shown a photo."""

from torch import Tensor, nn


class Still(nn.Module):
    """A network of videos (b,c,t,h,w) that is shown photos (b,c,h,w): each stands still for `frames` frames."""

    def __init__(self, video: nn.Module, frames: int) -> None:
        super().__init__()
        self.video, self.frames = video, frames

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.video(x.unsqueeze(2).expand(-1, -1, self.frames, -1, -1))
        return found


def frames_of(module: nn.Module) -> int:
    """How many frames a photo is shown for."""
    return module.frames if isinstance(module, Still) else 1
