"""`make lrp`: whether relevance adds up to the score on networks of all kinds, into docs/lrp.md.

Random weights; what a network starts with at zero (biases, some heads) is drawn too, and so are the statistics of batch
norms, or nothing would keep relevance. Two photos of scikit-image, the predicted class, float32. Takes minutes.
"""

import datetime
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import torch
from torch import nn

from seewhy import Model, SeewhyError, __version__, explain, load

PAGE = Path(__file__).parent.parent / "docs" / "lrp.md"
TORCHVISION = (
    *("resnet18", "resnet50", "vgg11", "densenet121", "googlenet", "shufflenet_v2_x1_0", "mobilenet_v3_small"),
    *("efficientnet_v2_s", "convnext_tiny", "vit_b_16", "swin_t", "maxvit_t"),
)
TIMM = (
    *("vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "cait_xxs24_224", "beit_base_patch16_224"),
    *("eva02_tiny_patch14_336", "swin_tiny_patch4_window7_224", "mvitv2_tiny", "pvt_v2_b0", "xcit_nano_12_p16_224"),
    *("levit_128s", "mobilevit_s", "hiera_tiny_224", "mixer_s32_224", "poolformer_s12"),
    *("convnext_atto", "convnextv2_atto", "efficientnet_b0", "efficientvit_b0", "resnet50", "resnest26d"),
    *("nfnet_f0", "fastvit_t8", "ghostnet_100", "repvgg_a0"),
)
NETWORKS = ("default", *(f"torchvision:{one}" for one in TORCHVISION), *(f"timm:{one}" for one in TIMM))
RULES = ("auto", "epsilon")
HEAD = """# LRP: whether relevance adds up

Made by `make lrp`: {photos}, the predicted class, float32, random weights (biases, zero heads and the
statistics of batch norms drawn too), of the default model its own. The error is |relevance of the input + what
constants kept - score| over the score, or over a thousandth of all relevance where that is more: of two photos the
larger. A map whose error is above 1e-3 is computed in float64, and refused if it stays there. "Constants" are biases
and what else is added, what softmaxes keep of their expansion, values that functions have at zero, and stabilisers; 0.9
means that the map hands down a tenth of the score. See [methods/relevance.md](methods/relevance.md).

"""


def drawn(spec: str) -> Model:
    """The network with random weights, and nothing in it that is zero everywhere."""
    if spec == "default":
        return load(spec)
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load(spec, weights="random")
    with torch.no_grad():
        for p in model.module.parameters():
            if not p.any():
                p.copy_(0.02 * torch.randn(p.shape, generator=generator))
        for one in model.module.modules():
            if isinstance(one, nn.modules.batchnorm._BatchNorm) and one.running_mean is not None:
                one.running_mean.copy_(0.1 * torch.randn(one.num_features, generator=generator))
                one.running_var.copy_(0.5 + torch.rand(one.num_features, generator=generator))
    return model


def row(spec: str) -> str:
    photos = [getattr(skimage.data, name)()[..., :3] for name in ("chelsea", "coffee")]
    try:
        model = drawn(spec)
        found: list[Any] = [[explain(model, photo, "lrp", rule=rule) for photo in photos] for rule in RULES]
    except SeewhyError as error:
        return f"| {spec} | refused: {error.problem} | | | | |\n"
    cells = []
    for pair in found:
        error = max(float(one.extras["conservation_error"][0]) for one in pair)
        kept = np.median([float(one.extras["absorbed"][0]) for one in pair])
        wide = " (float64)" if any("float64" in note for one in pair for note in one.notes) else ""
        cells += [f"{error:.0e}{wide}", f"{kept:.2f}"]
    chosen = next(note for note in found[0][0].notes if note.startswith("the rule is")).split("'")[1]
    return f"| {spec} | {chosen} | {' | '.join(cells)} |\n"


def main() -> None:
    warnings.simplefilter("ignore")
    lines = ["| network | rule chosen | error | constants keep | error of `epsilon` | constants keep |\n"]
    lines.append(f"{'| --- ' * 6}|\n")
    for spec in NETWORKS:
        lines.append(row(spec))
        print(lines[-1], end="", flush=True)
    said = f"\nMeasured on {datetime.date.today()} with seewhy {__version__}, torch {version('torch')}, "
    said += f"torchvision {version('torchvision')}, timm {version('timm')}.\n"
    PAGE.write_text(HEAD.format(photos="scikit-image's chelsea and coffee") + "".join(lines) + said, "utf-8")


if __name__ == "__main__":
    main()
