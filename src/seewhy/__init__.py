"""See why a vision network said what it said."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Names are imported when they are first used, so that `seewhy --help` does not wait for torch.
_HOME = {
    "SeewhyError": "errors",
    "Explanation": "types",
    "Need": "types",
    "ClassLogit": "targets",
    "Branches": "targets",
    "Contrast": "targets",
    "Custom": "targets",
    "Negative": "targets",
    "Region": "targets",
    "Rest": "targets",
    "Top": "targets",
    "Model": "model",
    "load": "sources",
    "black_box": "sources.function",
    "image_text": "texts",
    "TextModel": "texts",
    "get_method": "registry",
    "list_methods": "registry",
    "method_card": "cards",
    "method_cards": "cards",
    "compare": "api",
    "explain": "api",
    "predict": "api",
    "explain_decisions": "stepwise",
    "plotly": "render.plotly",
    "show": "render.notebook",
    "doctor": "checkup",
    "open": "store",
    "again": "repeat",
}
_ROOMS = {"concepts", "inspect", "metrics", "synthesis", "trees"}  # reached by their names, as seewhy.inspect.attention
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"seewhy.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'seewhy' has no attribute {name!r}")
    return getattr(import_module(f"seewhy.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
