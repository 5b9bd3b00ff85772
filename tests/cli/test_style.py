"""Styles know beforehand what they can't show."""

import re
from contextlib import nullcontext

import pytest
import torch

from contract import QUICK
from seewhy import Model, explain, list_methods
from seewhy.cli.style import Style
from seewhy.errors import BadOption


@pytest.mark.parametrize("id", [one.id for one in list_methods()])
def test_what_flashtorchs_panels_cannot_show_is_refused_before_it_is_computed(id: str, bright: Model) -> None:
    shown = explain(bright, torch.rand(1, 3, 32, 40), id, 1, **QUICK.get(id, {})).values.shape[1] == 3
    with nullcontext() if shown else pytest.raises(BadOption, match=f"which {re.escape(id)} does not give"):
        Style("flashtorch").check([id])
