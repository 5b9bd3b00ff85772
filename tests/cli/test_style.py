"""Styles know beforehand what they can't show."""

import re
from contextlib import nullcontext

import pytest
import torch

from attentive import evident
from contract import QUICK
from seewhy import Model, explain, list_methods
from seewhy.cli.style import Style
from seewhy.errors import BadOption


@pytest.fixture
def bright(id: str) -> Model:
    return evident(id)


@pytest.mark.parametrize("id", [one.id for one in list_methods()])
def test_what_flashtorchs_panels_cannot_show_is_refused_before_it_is_computed(id: str, bright: Model) -> None:
    shown = explain(bright, torch.rand(1, 3, 32, 40), id, 1, **QUICK.get(id, {})).values.shape[1] == 3
    with nullcontext() if shown else pytest.raises(BadOption, match=f"which {re.escape(id)} does not give"):
        Style("flashtorch").check([id])


@pytest.mark.parametrize("id", [one.id for one in list_methods()])
def test_what_has_no_superpixels_is_refused_by_the_lime_style(id: str, bright: Model) -> None:
    shown = "segments" in explain(bright, torch.rand(1, 3, 32, 40), id, 1, **QUICK.get(id, {})).extras
    with nullcontext() if shown else pytest.raises(BadOption, match=f"which {re.escape(id)} does not have"):
        Style("lime:all,3").check([id])


@pytest.mark.parametrize("name", ["lime:both", "lime:0", "lime:positive,-2", "lime:", "limes", "seewhy:3"])
def test_what_the_lime_style_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(BadOption):
        Style(name)
    with pytest.raises(BadOption, match="own colours"):
        Style("lime:all,10", cmap="jet")
