"""An explanation as a Plotly figure: heat over the photo, a slider, buttons, and raw values under the pointer."""

from html import escape
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.asked import number
from seewhy.errors import Unsupported
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.colors import ZERO, default, table
from seewhy.render.document import webp
from seewhy.render.normalize import keep, limit, peak
from seewhy.render.scene import frame, only, scene, smaller
from seewhy.types import Explanation, Sign

LONGEST = 1000  # pixels of the drawn photo's longer side
STEPS = 20  # of the slider
BOTH = 0.6  # opacity at which photo and map are seen together
WIDE, TALL = 760, 640  # pixels for the picture itself, at most
LEFT, RIGHT, TOP, BOTTOM = 24, 150, 110, 96


def require() -> Any:
    """Plotly's `graph_objects`. Raises Unsupported where it is not installed."""
    try:
        return import_module("plotly.graph_objects")
    except ImportError as error:
        raise Unsupported("a Plotly figure needs plotly", 'pip install "seewhy[plotly]"') from error


def plotly(
    explanation: Explanation,
    *,
    sign: Sign | None = None,
    cmap: str | None = None,
    outlier_perc: float = 2.0,
    opacity: float = BOTH,
    lang: str = "en",
) -> Any:
    """A `plotly.graph_objects.Figure` of one image: the map over its photo, which is always underneath.

    The slider is the map's opacity; the buttons Heat map, Photo and Both put it to 1, 0 and `opacity`. The pointer
    reads `heatmap()` at the original photo's pixel, also where the photo is drawn smaller; what the network did not
    see has no value. Colours and clipping are those of `figure`. `.write_html(file)` opens offline. BadInput for a
    batch, BadOption for an unknown sign, colour map or language, Unsupported without plotly.
    """
    made, photo = require(), only(explanation).photos[0]
    opacity = number(opacity, "opacity", 0, 1)
    sign = sign or explanation.sign
    colors = scale_of(cmap or default(sign), sign)
    pixels = smaller(photo.pixels, LONGEST)
    heat, sized = explanation.heatmap()[0], scene(explanation).heat
    top, largest = limit(sized, sign, outlier_perc), peak(sized, sign)  # those of `figure`
    down, across = _centres(heat.shape[0], pixels.shape[0]), _centres(heat.shape[1], pixels.shape[1])
    drawn = heat[_nearest(down)][:, _nearest(across)]
    place = _placed(down, across)
    under = made.Image(source=webp(Image.fromarray(pixels), 90), hoverinfo="skip", **place)
    figure = made.Figure([under, made.Heatmap(**_heat(explanation, drawn, sign, colors, top, largest, lang), **place)])
    start = round(opacity * STEPS) if top else 0
    figure.data[1].opacity = start / STEPS
    figure.update_layout(**_layout(explanation, heat.shape, start, bool(top), sign, lang))
    return figure


def scale_of(name: str, sign: Sign) -> list[tuple[float, str]]:
    """A colour map as Plotly has them: centred for both signs, and its strongest colour first for negative values."""
    rows = table(name)[1:] if sign == "all" else table(name)[::-1] if sign == "negative" else table(name)
    assert len(rows) - 1 == (2 * (ZERO - 1) if sign == "all" else 255)
    last = len(rows) - 1
    return [(i / last, f"rgb({red},{green},{blue})") for i, (red, green, blue) in enumerate(rows.tolist())]


def _centres(length: int, drawn: int) -> NDArray[np.float64]:
    """Where the centres of the drawn pixels lie, in pixels of the original, whose first has its centre at 0."""
    step = length / drawn
    hair = 0 if step == 1 else 1e-6 * step  # so that no centre lies between two pixels, and all round it alike
    return np.asarray(np.arange(drawn) * step + (step - 1) / 2 + hair)


def _nearest(centres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(centres + 0.5).astype(np.int64)


def _placed(down: NDArray[np.float64], across: NDArray[np.float64]) -> dict[str, float]:
    return {
        "x0": float(across[0]),
        "dx": float(across[1] - across[0]) if len(across) > 1 else 1.0,
        "y0": float(down[0]),
        "dy": float(down[1] - down[0]) if len(down) > 1 else 1.0,
    }


def _heat(
    explanation: Explanation,
    drawn: NDArray[np.float32],
    sign: Sign,
    colors: list[tuple[float, str]],
    top: float,
    largest: float,
    lang: str,
) -> dict[str, Any]:
    """The map's trace: raw values, of which the colours show those of a sign."""
    shown = keep(drawn, sign) if sign == "absolute" else drawn
    own = bool(np.array_equal(shown, drawn, equal_nan=True))
    bar = top or 1.0
    said = text("hover_value", lang, x="%{x:.0f}", y="%{y:.0f}", value="%{z:.4g}" if own else "%{customdata:.4g}")
    title = escape(heading.units(explanation, largest, top, lang), quote=False)
    return {
        "z": shown,
        "customdata": None if own else drawn,
        "colorscale": colors,
        "zmin": 0.0 if sign in ("positive", "absolute") else -bar,
        "zmax": 0.0 if sign == "negative" else bar,
        "showscale": bool(top),
        "colorbar": {"title": {"text": title, "side": "right", "font": {"size": 11}}, "thickness": 14, "x": 1.01},
        "hovertemplate": f"{said}<extra></extra>",
        "hoverongaps": False,
    }


def _layout(
    explanation: Explanation, size: tuple[int, ...], start: int, found: bool, sign: Sign, lang: str
) -> dict[str, Any]:
    height, width = size
    zoom = min(WIDE / width, TALL / height)
    seen = frame(explanation.photos[0].geometry)
    return {
        "title": {"text": _title(explanation, lang), "x": 0.02, "y": 0.98, "yanchor": "top", "font": {"size": 15}},
        "width": max(round(zoom * width), 420) + LEFT + RIGHT,
        "height": max(round(zoom * height), 160) + TOP + BOTTOM,
        "margin": {"l": LEFT, "r": RIGHT, "t": TOP, "b": BOTTOM},
        "xaxis": {"range": [-0.5, width - 0.5], "visible": False, "constrain": "domain"},
        "yaxis": {
            "range": [height - 0.5, -0.5],
            "visible": False,
            "constrain": "domain",
            "scaleanchor": "x",
            "scaleratio": 1,
        },
        "plot_bgcolor": "white",
        "shapes": [] if seen is None else _outline(seen),
        "annotations": [] if found else [_nothing(sign, lang)],
        "updatemenus": [_buttons(start, lang)] if found else [],
        "sliders": [_slider(start, lang)] if found else [],
    }


def _title(explanation: Explanation, lang: str) -> str:
    """Names are not ours to read as markup."""
    random = explanation.model.weights == "random"
    below = heading.source(explanation) + (f"  ·  {text('random_weights', lang).upper()}" if random else "")
    subject = f"{heading.target(explanation, lang)}  ·  {heading.score(explanation, lang)}"
    small = f'<span style="font-size:11px;color:{panels.STAMP if random else panels.MUTED}">'
    return f"{escape(subject, quote=False)}<br>{small}{escape(below, quote=False)}</span>"


def _buttons(start: int, lang: str) -> dict[str, Any]:
    both = start if 0 < start < STEPS else round(BOTH * STEPS)
    places = {"heat_map": STEPS, "photo": 0, "both": both}
    return {
        "type": "buttons",
        "direction": "right",
        "x": 0,
        "y": 1.02,
        "xanchor": "left",
        "yanchor": "bottom",
        "pad": {"b": 4},
        "active": list(places.values()).index(start) if start in places.values() else -1,
        "buttons": [
            {
                "label": text(name, lang),
                "method": "update",
                "args": [{"opacity": at / STEPS}, {"sliders[0].active": at}, [1]],
            }
            for name, at in places.items()
        ],
    }


def _slider(start: int, lang: str) -> dict[str, Any]:
    return {
        "active": start,
        "currentvalue": {"prefix": f"{text('opacity', lang)} "},
        "pad": {"t": 8},
        "ticklen": 0,
        "minorticklen": 0,
        "font": {"size": 11},
        "steps": [
            {"label": f"{at / STEPS:.0%}", "method": "restyle", "args": [{"opacity": at / STEPS}, [1]]}
            for at in range(STEPS + 1)
        ],
    }


def _outline(seen: tuple[float, float, float, float]) -> list[dict[str, Any]]:
    """The frame of what the network saw, in black and white, so that it shows on any photo."""
    left, top, right, bottom = seen
    corners = {"x0": left - 0.5, "y0": top - 0.5, "x1": right - 0.5, "y1": bottom - 0.5}
    lines = ({"color": "black", "width": 1}, {"color": "white", "width": 1, "dash": "dash"})
    return [{"type": "rect", **corners, "line": line} for line in lines]


def _nothing(sign: Sign, lang: str) -> dict[str, Any]:
    return {
        "text": panels.nothing(sign, lang),
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "bgcolor": "rgba(255,255,255,0.92)",
        "bordercolor": panels.BAR,
        "borderpad": 6,
    }
