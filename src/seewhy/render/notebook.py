"""Explanations in a notebook: the viewer as a widget, or, without anywidget, as a page in a frame of its own."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import import_module
from importlib.resources import files
from itertools import islice
from typing import Any

from seewhy.errors import BadInput
from seewhy.lang import text
from seewhy.lang.catalog import known
from seewhy.render.grid import grid, same_photo
from seewhy.render.page import bundle, page
from seewhy.types import Comparison, Explanation

Shown = Explanation | Comparison | Sequence[Explanation]
HEIGHT = 720  # pixels of a page's frame
FEW = 4  # photos of a batch that are shown by themselves

# Each widget's module is imported anew, and a browser takes the viewer's elements once: all share the first import.
_LOADER = """const text = {text};
const shared = () => (globalThis.seewhyViewer ??= import(
  URL.createObjectURL(new Blob([text], {{ type: "text/javascript" }}))));
export default {{ render: async (given) => (await shared()).default.render(given) }};
"""


@dataclass(frozen=True, eq=False)
class Static:
    """What a notebook shows without a widget: a page to explore, and a picture where no page can be."""

    explanations: tuple[Explanation, ...]  # of one photo
    lang: str = "en"

    def _repr_html_(self) -> str:
        return framed(self.explanations, self.lang)

    def _repr_png_(self) -> bytes:
        return picture(self.explanations, self.lang)


def show(explanations: Shown, lang: str = "en") -> Any:
    """Explanations of one photo beside each other, to explore in a notebook: what a cell ends with is shown.

    With anywidget (`pip install "seewhy[notebook]"`) a widget: its `at` is the pixel [x, y] under the pointer or None,
    its `view` is how the maps are looked at, and both can be observed. Without it the same viewer as a page in a frame,
    and a picture where scripts don't run. BadInput for no explanations, a batch or several photos.
    """
    listed = tuple([explanations] if isinstance(explanations, Explanation) else explanations)
    known(lang)
    same_photo(listed)
    made = _widget()
    return Static(listed, lang) if made is None else made(data=bundle(listed, lang))


def html(explanations: Explanation | Comparison, lang: str = "en") -> str:
    """The pages of each photo, the first few of a batch."""
    photos = _photos(explanations)
    shown = [framed(one, lang) for one in islice(photos, FEW)]
    if len(photos) > FEW:
        shown.append(f"<p>{escape(text('first_photos', lang, shown=FEW, total=len(photos)))}</p>")
    return "\n".join(shown)


def png(explanations: Explanation | Comparison, lang: str = "en") -> bytes | None:
    """The picture of one photo's maps; None for a batch, of which there is no single one."""
    photos = _photos(explanations)
    return picture(photos[0], lang) if len(photos) == 1 else None


def framed(explanations: Sequence[Explanation], lang: str = "en") -> str:
    """A page in a frame that runs its own script and reaches nothing of the notebook around it."""
    inside = escape(page(explanations, lang), quote=True)
    title = escape(explanations[0].photos[0].name, quote=True)
    look = f"width:100%;height:{HEIGHT}px;border:0"
    return f'<iframe title="{title}" sandbox="allow-scripts" style="{look}" srcdoc="{inside}"></iframe>'


def picture(explanations: Sequence[Explanation], lang: str = "en") -> bytes:
    held = io.BytesIO()
    grid(explanations, lang=lang).savefig(held, format="png", dpi=110)
    return held.getvalue()


def _photos(explanations: Explanation | Comparison) -> list[list[Explanation]]:
    """The explanations of each photo."""
    listed = [explanations] if isinstance(explanations, Explanation) else list(explanations)
    if not listed:
        raise BadInput("no explanations to draw", "give at least one")
    return [list(of_one) for of_one in zip(*listed, strict=True)]


@cache
def _widget() -> Any:
    """The widget's class; None without anywidget."""
    try:
        anywidget, traitlets = import_module("anywidget"), import_module("traitlets")
    except ImportError:
        return None
    viewer = files("seewhy.render").joinpath("viewer.js").read_text("utf-8")
    own = {
        "__doc__": "The viewer of explanations. at: the pixel under the pointer; view: how the maps are looked at.",
        "__module__": __name__,
        "_esm": _LOADER.format(text=json.dumps(viewer)),
        "data": traitlets.Dict().tag(sync=True),
        "at": traitlets.List(default_value=None, allow_none=True).tag(sync=True),
        "view": traitlets.Dict().tag(sync=True),
    }
    return type("Viewer", (anywidget.AnyWidget,), own)
