"""The networks of the table, their layers by role, and the tiny ones that stand in where only answers are checked."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn
from torchvision.transforms import Normalize

from benchmarks import tiny
from benchmarks.textures import network as textures
from seewhy import Model, load

TEXTS = tuple(
    f"a photo of {what}"
    for what in (
        *("a cat", "a dog", "a tabby cat on a blanket", "the blanket below a cat", "a horse in a field", "two dogs"),
        *("a red car", "a cup of coffee", "a spoon beside a cup", "a wooden table", "a bird on a branch"),
        *("a small boat", "a green apple", "people in the street", "a white wall", "the ears of a cat"),
    )
)


@dataclass(frozen=True)
class Network:
    """classifier: of pictures alone, so that its own passes are a row."""

    name: str
    load: Callable[[], Model]
    layers: Mapping[str, str]
    stand_in: Callable[[], Model]
    classifier: bool = True


NETWORKS = {
    "default": Network("EfficientNet-Lite0", lambda: load("default"), {"last": "bn2"}, tiny.pooled),
    "resnet50": Network(
        "ResNet-50, random",
        lambda: load("torchvision:resnet50", weights="random"),
        {"last": "layer4", "inner": "layer3", "early": "layer2"},
        tiny.residual,
    ),
    "vgg11": Network(
        "VGG-11, random", lambda: load("torchvision:vgg11", weights="random"), {"last": "features"}, tiny.plain
    ),
    "vgg16": Network(
        "VGG-16, random",
        lambda: load("torchvision:vgg16", weights="random"),
        {"last": "features", "pooling": "features.30"},
        tiny.plain,
    ),
    # CAMs read maps (d,r,q): of a ViT these are the patches' embeddings, before they become a row of tokens.
    "vit": Network(
        "ViT-B/16, random",
        lambda: load("timm:vit_base_patch16_224", weights="random"),
        {"last": "patch_embed.proj"},
        tiny.transformer,
    ),
    "clip": Network(
        "CLIP ViT-B/32, random",
        lambda: load("openclip:ViT-B-32", weights="random", classes=TEXTS),
        {},
        lambda: tiny.pictures_and_texts(TEXTS),
        classifier=False,
    ),
    "textures": Network("the CNN of textures", textures.load, {}, textures.load, classifier=False),
}


def copied(model: Model, *, frozen: bool, inplace: bool) -> nn.Sequential:
    """What a peer gets: pixels in, the same network in evaluation mode. inplace: whether it can follow such layers."""
    net = copy.deepcopy(model.module).eval().requires_grad_(not frozen)
    for one in net.modules():
        if not inplace and hasattr(one, "inplace"):
            one.inplace = False
    return nn.Sequential(Normalize(model.mean, model.std), net)
