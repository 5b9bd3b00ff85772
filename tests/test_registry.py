"""Options as text: what a command line hands over becomes what the method's fields say."""

from typing import Any

import pytest

from seewhy import SeewhyError
from seewhy.registry import parse


@pytest.mark.parametrize(
    ("id", "name", "text", "wanted"),
    [
        ("gradcam", "aug_smooth", "yes", True),
        ("gradcam", "aug_smooth", "0", False),
        ("gradcam", "layer", "none", None),
        ("gradcam", "layer", "act2", "act2"),
        ("gradcam", "layer", "act2, act3", ("act2", "act3")),
        ("integrated_gradients", "n_steps", "12", 12),
        ("integrated_gradients", "quadrature", "left", "left"),
        ("integrated_gradients", "baseline", "0.5", 0.5),
        ("integrated_gradients", "baseline", "mean", "mean"),
        ("integrated_gradients", "baseline", "0,1,blur", (0, 1, "blur")),
        ("rise", "baseline", "0,mean,0.5", (0, "mean", 0.5)),
        ("smoothgrad", "stdev", "1e-2", 0.01),
        ("xrai", "scales", "20,60.5", (20, 60.5)),
        ("xrai", "scales", "20", (20,)),
    ],
)
def test_a_text_becomes_what_the_option_takes(id: str, name: str, text: str, wanted: Any) -> None:
    found = parse(id, {name: text})[name]
    assert found == wanted and type(found) is type(wanted)


def test_a_text_that_is_none_of_it_is_refused() -> None:
    with pytest.raises(SeewhyError, match="n_steps='many' is not understood"):
        parse("integrated_gradients", {"n_steps": "many"})
    with pytest.raises(SeewhyError, match="aug_smooth='perhaps' is not understood"):
        parse("gradcam", {"aug_smooth": "perhaps"})
