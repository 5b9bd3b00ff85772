"""What the doctor finds is what is there."""

from dataclasses import replace

import pytest
import torch
from torch import nn

import seewhy
from conftest import MEAN, STD, Bright, SmallNet
from seewhy import Model
from seewhy.types import Need


def test_a_report_tells_what_was_built(small: Model) -> None:
    report = seewhy.doctor(small)
    assert (report.probed, report.classes, report.named) == ((16, 20), 4, 4)
    assert report.preprocess.mean == MEAN and report.preprocess.std == STD
    assert report.maps == "act3" and report.head.startswith("fc") and report.outputs == "logit"
    assert report.activations == {"relu": 3} and report.in_place == ("act",)
    assert report.parameters == sum(p.numel() for p in small.module.parameters())
    assert (report.dtype, report.device) == ("float32", "cpu")
    assert {one.name: one.shape for one in report.layers}["conv3"] == (8, 4, 5)
    assert [one.id for one in report.methods] == [one.id for one in seewhy.list_methods(small)]
    assert report.model.fingerprint == small.fingerprint


def test_reused_and_unused_modules_and_a_softmax_are_found() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.act, self.spare = nn.Conv2d(3, 3, 3, padding=1), nn.GELU(), nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.act(self.conv(self.act(self.conv(x)))).flatten(2).sum(2).softmax(1)

    report = seewhy.doctor(Model(Odd(), mean=MEAN, std=STD, size=(8, 9)))
    assert report.reused == ("conv", "act") and report.unused == ("spare",)
    assert report.outputs == "probability" and report.head == "" and report.activations == {"gelu": 2}
    refused = {one.id: one.reason for one in report.methods if not one.offered}
    assert "gelu" in refused["guided_backprop"] and Need.RELU.name in refused["guided_backprop"]


def test_looking_changes_nothing() -> None:
    module = Bright().train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    seewhy.doctor(Model(module, mean=MEAN, std=STD, size=(32, 40)))
    assert module.training and all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_a_network_that_does_not_run_is_refused() -> None:
    with pytest.raises(seewhy.SeewhyError, match="fails on an input"):
        seewhy.doctor(Model(nn.Sequential(nn.Conv2d(5, 1, 3), SmallNet()), mean=MEAN, std=STD, size=(16, 20)))


def test_it_says_how_passes_are_run(small: Model) -> None:
    assert seewhy.doctor(small).engine.startswith("fast: its forward is ")
    assert seewhy.doctor(replace(small, fast=False)).engine == "the module as it is: fast=False"
