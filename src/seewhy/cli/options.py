"""Options that several commands share, and how their text is read."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import click

from seewhy.cli.names import complete_model

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
        help="The network: torchvision:resnet50, timm:convnext_tiny, package.module:build; the default is embedded."
        + again,
    )


weights_option = click.option(
    "--weights", metavar="FILE", help="Local weights (.safetensors or a state dict), or 'random'."
)
device_option = click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1 or mps.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, and nothing else.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
lang_option = click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of words and classes."
)
photos_argument = click.argument("photos", nargs=-1, required=True, metavar="PHOTO...", type=click.Path())
