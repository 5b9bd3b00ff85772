"""How the figures of a call look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from seewhy.errors import BadOption
from seewhy.registry import get_method
from seewhy.render.colors import table
from seewhy.superpixels import Superpixels
from seewhy.types import Explanation

NAMES = ("seewhy", "flashtorch", "captum", "shap", "lime")


REGIONS_AND_LAYERS = {"xrai", "layer_integrated_gradients", "layer_conductance"}  # gradients, but not of channels


def _of_channels(id: str) -> bool:
    """Whether a method gives a value for each of the photo's channels."""
    return get_method(id).info.family == "gradient" and id not in REGIONS_AND_LAYERS


def _of_superpixels(id: str) -> bool:
    return isinstance(get_method(id), Superpixels)


@dataclass(frozen=True)
class Style:
    """name: seewhy's own figure or one known from another tool; "captum:MODE,MODE" names Captum's picture modes,
    "lime:SIGN,NUMBER" what LIME's picture shows: positive, negative or all, and how many superpixels."""

    name: str = "seewhy"
    cmap: str | None = None
    sign: Any = None
    lang: str = "en"

    def __post_init__(self) -> None:
        """Raises BadOption before anything is computed."""
        kind = self.name.partition(":")[0]
        if kind not in NAMES or (kind not in ("captum", "lime") and self.name != kind):
            known = f"{', '.join(NAMES)}, captum:MODE,MODE, lime:SIGN,NUMBER"
            raise BadOption(f"no style is named {self.name!r}", f"styles: {known}")
        if self.cmap is not None:
            table(self.cmap)
        if kind in ("shap", "flashtorch") and self.sign:
            raise BadOption(f"the {kind} style has its own sign", "leave out --sign")
        if kind == "captum":
            self._check_modes()
        if kind == "lime":
            if self.cmap or self.sign:
                raise BadOption("the lime style has its own colours and sign", "such as --style lime:all,10")
            self._superpixels()

    def check(self, methods: Sequence[str]) -> None:
        """Raises BadOption where one figure can't show these methods together, or not what one of them gives."""
        if self.name == "flashtorch" and (odd := [id for id in methods if not _of_channels(id)]):
            raise BadOption(
                f"the flashtorch style shows a value a channel of each pixel, which {odd[0]} does not give",
                "explain with a method on the pixels, such as saliency or guided_backprop",
            )
        if self.name.startswith("lime") and (odd := [id for id in methods if not _of_superpixels(id)]):
            raise BadOption(
                f"the lime style outlines superpixels, which {odd[0]} does not have", "explain with lime or kernel_shap"
            )
        if self.name == "shap" and len(set(methods)) > 1:
            raise BadOption("the shap style has one scale, and methods differ in their units", "name one --method")

    @property
    def single(self) -> bool:
        """Whether it draws one explanation only, so that a grid has a figure in each folder."""
        return self.name not in ("seewhy", "shap")

    def all(self, explanations: Sequence[Explanation]) -> Figure:
        """One figure for all explanations of a photo."""
        if self.name == "shap":
            from seewhy.render.styles.shap import shap

            return shap(explanations, cmap=self.cmap, lang=self.lang)
        if len(explanations) == 1:
            return self.one(explanations[0])
        from seewhy.render.grid import grid

        own = self.name == "seewhy"
        return grid(explanations, sign=self.sign if own else None, cmap=self.cmap if own else None, lang=self.lang)

    def one(self, explanation: Explanation) -> Figure:
        given = {name: value for name in ("cmap", "sign") if (value := getattr(self, name)) is not None}
        if self.name == "flashtorch":
            from seewhy.render.styles.flashtorch import flashtorch

            return flashtorch(explanation, lang=self.lang, **given)
        if self.name.startswith("captum"):
            from seewhy.render.styles.captum import captum

            modes: dict[str, Any] = {"modes": self._modes()} if ":" in self.name else {}
            return captum(explanation, lang=self.lang, **modes, **given)
        if self.name.startswith("lime"):
            from seewhy.render.styles.lime import lime

            return lime(explanation, lang=self.lang, **self._superpixels())
        from seewhy.render.figure import figure

        return figure(explanation, lang=self.lang, **given)

    def plotly(self, explanation: Explanation) -> Any:
        """A Plotly figure, whatever the style is."""
        from seewhy.render.plotly import plotly

        return plotly(explanation, sign=self.sign, cmap=self.cmap, lang=self.lang)

    def _modes(self) -> tuple[Any, ...]:
        return tuple(mode.strip() for mode in self.name.partition(":")[2].split(","))

    def _superpixels(self) -> dict[str, Any]:
        """What the lime style is asked to show."""
        asked: dict[str, Any] = {}
        for part in self._modes() if ":" in self.name else ():
            if part in ("positive", "negative", "all"):
                asked["show"] = part
            elif part.isdecimal() and int(part):
                asked["features"] = int(part)
            elif part == "hide_rest":
                asked["hide_rest"] = True
            else:
                hint = "positive, negative or all; how many superpixels; hide_rest"
                raise BadOption(f"the lime style knows no {part!r}", hint)
        return asked

    def _check_modes(self) -> None:
        from typing import get_args

        from seewhy.render.styles.captum import Mode

        for mode in self._modes() if ":" in self.name else ():
            if mode not in get_args(Mode):
                raise BadOption(f"captum has no mode {mode!r}", f"modes: {', '.join(get_args(Mode))}")
            if self.sign == "all" and mode in ("masked_image", "alpha_scaling"):
                raise BadOption(f"captum's {mode} can't show --sign all", "choose positive, negative or absolute")
