"""Names for help and shell completion, found without importing torch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

METHODS = Path(__file__).parent.parent / "methods"
SOURCES = ("default", "torchvision:", "timm:", "hf:", "openclip:", "keras:", "callable:", "onnx:")


def methods() -> list[str]:
    """The ids in the `@method("id", ...)` of each file: what the registry will hold once it is loaded."""
    return sorted(id for path in METHODS.glob("*.py") for id in _ids(path))


def _ids(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "method":
                    yield ast.literal_eval(call.args[0])


def complete_method(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(id) for id in methods() if id.startswith(incomplete)]


def complete_model(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in SOURCES if name.startswith(incomplete)]
