"""The classifiers of keras.applications by family, and how each family's photos become its input."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """module: of keras.applications. names: its builders. mode: a key of `MODES`."""

    module: str
    mode: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Mode:
    """mean, std: of pixels in [0,1], red first. bgr: whether the network is then given blue first."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool = False


GREY = (0.5, 0.5, 0.5)
BYTE = (1 / 255, 1 / 255, 1 / 255)

MODES = {
    "caffe": Mode((123.68 / 255, 116.779 / 255, 103.939 / 255), BYTE, bgr=True),
    "tf": Mode(GREY, GREY),  # from -1 to 1
    "torch": Mode((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "raw": Mode((0.0, 0.0, 0.0), BYTE),  # from 0 to 255: the network's own first layers do the rest
}

FAMILIES = (
    Family("resnet", "caffe", ("ResNet50", "ResNet101", "ResNet152")),
    Family("vgg16", "caffe", ("VGG16",)),
    Family("vgg19", "caffe", ("VGG19",)),
    Family("resnet_v2", "tf", ("ResNet50V2", "ResNet101V2", "ResNet152V2")),
    Family("inception_v3", "tf", ("InceptionV3",)),
    Family("inception_resnet_v2", "tf", ("InceptionResNetV2",)),
    Family("xception", "tf", ("Xception",)),
    Family("mobilenet", "tf", ("MobileNet",)),
    Family("mobilenet_v2", "tf", ("MobileNetV2",)),
    Family("nasnet", "tf", ("NASNetMobile", "NASNetLarge")),
    Family("densenet", "torch", ("DenseNet121", "DenseNet169", "DenseNet201")),
    Family("mobilenet_v3", "raw", ("MobileNetV3Small", "MobileNetV3Large")),
    Family("efficientnet", "raw", tuple(f"EfficientNetB{size}" for size in range(8))),
    Family(
        "efficientnet_v2", "raw", tuple(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L"))
    ),
    Family("convnext", "raw", tuple(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge"))),
)
BY_NAME = {name: family for family in FAMILIES for name in family.names}
