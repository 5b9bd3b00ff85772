"""The trained CNN: how it is built, stored and loaded. Stored in float16, computed in float32."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import seewhy
from benchmarks.textures.fills import CLASSES
from benchmarks.textures.scenes import SIDE

WEIGHTS = Path(__file__).parent / "weights"
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
WIDTHS = (24, 48, 64, 96)


class TextureNet(nn.Module):
    """Four stages of a convolution, a batch norm and a ReLU, each of half the cells; their mean, and a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.stage1, self.stage2, self.stage3, self.stage4 = (
            stage(before, width, side) for before, width, side in zip((3, *WIDTHS), WIDTHS, (5, 3, 3, 3), strict=False)
        )
        self.head = nn.Linear(WIDTHS[-1], len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stage4(self.stage3(self.stage2(self.stage1(x))))
        scores: Tensor = self.head(maps.mean((2, 3)))
        return scores


def stage(before: int, width: int, side: int) -> nn.Sequential:
    conv = nn.Conv2d(before, width, side, stride=2, padding=side // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


def load() -> seewhy.Model:
    """The trained network: logits of the textures."""
    module = TextureNet()
    stored = load_file(WEIGHTS / "cnn.safetensors")
    module.load_state_dict({name: one.float() if one.is_floating_point() else one for name, one in stored.items()})
    return seewhy.Model(module.eval(), mean=MEAN, std=STD, size=(SIDE, SIDE), classes=CLASSES)


def store(module: nn.Module) -> None:
    state = module.state_dict()
    halved = {name: (one.half() if one.is_floating_point() else one).contiguous() for name, one in state.items()}
    save_file(halved, WEIGHTS / "cnn.safetensors")


def pixels(pictures: NDArray[np.uint8]) -> Tensor:
    """(n,h,w,3) as (n,3,h,w) in [0,1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255)
