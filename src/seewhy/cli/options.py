"""Options that several commands share, and how their text is read."""

import re
from collections.abc import Callable
from typing import Any

import click

from seewhy.cli.names import complete_model

UNITS = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}


class Bytes(click.ParamType):
    """An amount of memory: 2GB, 512MiB, 1000000."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]I?)?B?\s*", str(value).upper())
        amount = int(float(found[1]) * UNITS[found[2] or ""]) if found else 0
        if amount <= 0:
            self.fail(f"{value!r} is no amount of memory, such as 2GB or 512MB", param, ctx)
        return amount


class Pair(click.ParamType):
    """A method's option: name=value."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, sign, text = str(value).partition("=")
        if not sign or not name.strip():
            self.fail(f"{value!r} is not name=value, such as n_steps=100", param, ctx)
        return name.strip().replace("-", "_"), text.strip()


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
        help="The network: default, torchvision:resnet50, timm:convnext_tiny, package.module:build." + again,
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
