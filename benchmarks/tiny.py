"""Networks of the digits: each has what matters of a large one, with the same names for the layers that rows read."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from seewhy import Model, image_text

SIZE = 32
MEAN, STD = (0.4,) * 3, (0.3,) * 3


class Pooled(nn.Module):
    """Batch norm, ReLU6 and a pooled linear head, as EfficientNet-Lite0 has them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0, self.bn0 = nn.Conv2d(3, 12, 5, stride=2, padding=2, bias=False), _norm(12)
        self.conv1, self.bn1 = nn.Conv2d(12, 16, 5, stride=2, padding=2, bias=False), _norm(16)
        self.conv2, self.bn2 = nn.Conv2d(16, 24, 5, stride=2, padding=2, bias=False), _norm(24)
        self.fc = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(self.conv1(self.bn0(self.conv0(x))))
        return self.fc(self.bn2(self.conv2(x)).mean((2, 3)))


class Residual(nn.Module):
    """A stem and two stages with a sum in each, as ResNet-50 has them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(inplace=True))
        self.layer2, self.layer3, self.layer4 = nn.Identity(), Block(8), Block(8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.layer4(self.layer3(self.layer2(self.stem(x)))).mean((2, 3)))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.act1, self.act2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.act2(x + self.conv2(self.act1(self.bn1(self.conv1(x)))))


class Plain(nn.Module):
    """Convolutions, then fully connected layers over a grid, as VGG-16 has them."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=True)),
        )
        self.features.add_module("30", nn.MaxPool2d(4))
        self.classifier = nn.Sequential(nn.Linear(12 * 16, 24), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(24, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


def pooled() -> Model:
    return _model(Pooled)


def residual() -> Model:
    return _model(Residual)


def plain() -> Model:
    return _model(Plain)


def transformer() -> Model:
    from timm.models.vision_transformer import VisionTransformer

    return _model(
        lambda: VisionTransformer(img_size=SIZE, patch_size=8, embed_dim=24, depth=2, num_heads=2, num_classes=10)
    )


def pictures_and_texts(texts: Sequence[str]) -> Model:
    """A CLIP of open_clip with its own tokenizer."""
    import open_clip

    pictures = {"image_size": SIZE, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
    words = {"context_length": 16, "vocab_size": 49408, "width": 24, "heads": 2, "layers": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = open_clip.CLIP(embed_dim=16, vision_cfg=pictures, text_cfg=words).eval()
    reader = open_clip.SimpleTokenizer(context_length=16)
    return image_text(net, reader, mean=MEAN, std=STD, size=(SIZE, SIZE), texts=texts)


@cache
def digits() -> tuple[Tensor, Tensor]:
    """scikit-learn's digits as pixels (n,3,32,32), and their classes (n,)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    small = torch.from_numpy(np.float32(data.images / 16))[:, None].expand(-1, 3, -1, -1)
    return nn.functional.interpolate(small, (SIZE, SIZE), mode="bilinear"), torch.from_numpy(data.target)


def trained(epochs: int = 5) -> tuple[Model, float]:
    """The pooled network trained on the digits within seconds, and its accuracy on the fifth that it never saw."""
    x, y = digits()
    model = pooled()
    net, last = model.module.train(), len(x) * 4 // 5
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        optimizer = torch.optim.Adam(net.parameters(), 1e-2)
        normal = (x - MEAN[0]) / STD[0]
        for _ in range(epochs):
            for rows in torch.randperm(last).split(64):
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(normal[rows]), y[rows]).backward()
                optimizer.step()
    net.eval()
    with torch.no_grad():
        return model, float((net(normal[last:]).argmax(1) == y[last:]).float().mean())


def _model(build: type[nn.Module] | object) -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build()  # type: ignore[operator]
    return Model(module.eval(), mean=MEAN, std=STD, size=(SIZE, SIZE), classes=[str(i) for i in range(10)])


def _norm(width: int) -> nn.Module:
    from timm.layers import BatchNormAct2d

    return BatchNormAct2d(width, act_layer=nn.ReLU6)
