"""Options that several commands share, and how their text is read."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli.names import complete_model

if TYPE_CHECKING:
    from seewhy.model import Model

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}


def read_bytes(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    """An amount of memory: 2GB, 512MiB, 1000000."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]I?)?B?\s*", text.upper())
    amount = int(float(found[1]) * UNITS[found[2] or ""]) if found else 0
    if amount <= 0:
        raise click.BadParameter(f"{text!r} is no amount of memory, such as 2GB or 512MB")
    return amount


def read_pairs(_ctx: click.Context, _param: click.Parameter, texts: Sequence[str]) -> list[tuple[str, str]]:
    """Methods' options: name=value each; the last of one name holds."""
    return list(dict(map(_pair, texts)).items())


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise click.BadParameter(f"{text!r} is not name=value, such as n_steps=100")
    return name.strip().replace("-", "_"), value.strip()


def model_option(*, multiple: bool = False) -> Callable[[Any], Any]:
    again = " Repeat it to compare." if multiple else ""
    return click.option(
        "-M",
        "--model",
        "models" if multiple else "model",
        multiple=multiple,
        default=("default",) if multiple else "default",
        metavar="NAME",
        shell_complete=complete_model,
        help="The network: torchvision:resnet50, timm:convnext_tiny, hf:OWNER/NAME or hf:FOLDER, openclip:ViT-B-32, "
        "keras:ResNet50, package.module:build, a .keras or .onnx file, or a function: callable:package.module:predict; "
        "the default is embedded." + again,
    )


def read_numbers(_ctx: click.Context, _param: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    """Numbers between commas: 0.485,0.456,0.406."""
    try:
        return None if text is None else tuple(map(_number, text.split(",")))
    except (ValueError, ZeroDivisionError) as error:
        raise click.BadParameter(f"{text!r} is not numbers between commas, such as 0.485,0.456,0.406") from error


def _number(text: str) -> float:
    """A number, or a fraction such as 1/255."""
    over, sign, under = text.partition("/")
    return float(over) / float(under) if sign else float(text)


def read_size(_ctx: click.Context, _param: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Height and width, 480x640 or 480,640; one number is both."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*([1-9]\d*)\s*(?:[x,]\s*([1-9]\d*)\s*)?", text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a height and a width, such as 224 or 480x640")
    return int(found[1]), int(found[2] or found[1])


def read_classes(_ctx: click.Context, _param: click.Parameter, path: str | None) -> list[str] | None:
    """Class names from a file: a JSON list, or a name a line. "imagenet" are ImageNet's as CLIP's authors have them."""
    if path is None:
        return None
    if path == "imagenet":
        from seewhy.texts.prompts import imagenet_names

        return list(imagenet_names())
    return read_lines(path, "class names")


def read_templates(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | list[str] | None:
    """A sentence with {} in it, "imagenet", or a file of sentences."""
    return text if text is None or text == "imagenet" or "{}" in text else read_lines(text, "sentences with {}")


def read_lines(path: str, what: str) -> list[str]:
    """A JSON list of texts, or one a line."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("[") else text.strip().splitlines()
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from error
    if not found or not all(isinstance(name, str) and name.strip() for name in found):
        raise click.BadParameter(f"{path} holds no {what}: one a line, or a JSON list of them")
    return [name.strip() for name in found]


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `seewhy.load` is asked for besides the name."""
    for add in reversed(NETWORK):
        command = add(command)
    return command


def network_options_without_size(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same where --size is that of a picture which is made."""
    for add in reversed([one for one in NETWORK if one is not size_option]):
        command = add(command)
    return command


def loaded(name: str, asked: Mapping[str, Any], targets: Sequence[str] | None = None) -> "Model":
    """The network `name` with the options of `network_options`; one that takes texts with those in the targets, too.

    targets: None where there may be no text yet.
    """
    from seewhy.sources import load
    from seewhy.texts import TextModel, texts_typed, with_texts

    plain = ("weights", "device", "mean", "std", "size", "classes", "templates", "input", "answers", "trust")
    made = load(name, output=asked["output_name"], **{key: asked[key] for key in plain})
    texts = asked["texts"]
    if not texts and (targets is None or not isinstance(made, TextModel)):
        return made
    found = [*texts, *(part for one in targets or () for part in texts_typed(one, texts))]
    return with_texts(made, found, texts or None)


weights_option = click.option(
    "--weights", metavar="FILE", help="Local weights (.safetensors or a state dict), or 'random'."
)
mean_option = click.option(
    "--mean",
    callback=read_numbers,
    metavar="R,G,B",
    help="Of the pixels in [0,1]; a module and an ONNX file need it.",
)
std_option = click.option("--std", callback=read_numbers, metavar="R,G,B", help="As --mean.")
size_option = click.option("--size", callback=read_size, metavar="HxW", help="Of the input, instead of the usual one.")
classes_option = click.option(
    "--classes",
    callback=read_classes,
    metavar="FILE",
    help="Names of the classes: one a line, or a JSON list; 'imagenet'.",
)
text_option = click.option(
    "--text", "texts", multiple=True, metavar="TEXT", help="What a CLIP compares photos with; repeat it."
)
templates_option = click.option(
    "--templates",
    callback=read_templates,
    metavar="TEXT",
    help="What each text is put into: 'a photo of a {}.', a file of such sentences, or 'imagenet' for CLIP's eighty.",
)
input_option = click.option(
    "--input", type=click.Choice(["uint8", "float"]), help="Pixels that a function takes: 0 to 255, or 0 to 1."
)
answers_option = click.option(
    "--answers",
    type=click.Choice(["probability", "score"]),
    help="What a function answers, where an image's sum does not tell.",
)
output_option = click.option("--output-name", metavar="NAME", help="Which output of an ONNX file is scores.")
device_option = click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1 or mps.")
trust_option = click.option("--trust", is_flag=True, help="Read model files that can run code, such as .h5.")
NETWORK = (
    *(weights_option, mean_option, std_option, size_option, classes_option, text_option, templates_option),
    *(input_option, answers_option, output_option, device_option, trust_option),
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, and nothing else.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
lang_option = click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of words and classes."
)
photos_argument = click.argument("photos", nargs=-1, required=True, metavar="PHOTO...", type=click.Path())
