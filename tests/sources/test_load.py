"""What `load` promises of every source."""

from dataclasses import fields

import pytest
import torch

from seewhy import load
from seewhy.errors import BadOption, UnknownName
from seewhy.sources import SOURCES, available

TINY = "timm:test_vit"


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("spec", ["default", "torchvision:shufflenet_v2_x0_5", TINY])
def test_random_weights_are_the_same_at_each_load_stamped_and_leave_the_global_generator_alone(spec: str) -> None:
    before = torch.get_rng_state()
    first = load(spec, weights="random")
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    assert same(first.module, load(spec, weights="random").module)
    assert first.card.weights == "random"
    assert first.card.spec == spec
    assert first.card.licence == ""


def test_loading_the_default_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    load()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_bare_name_is_torchvisions_and_else_timms() -> None:
    assert load("shufflenet_v2_x0_5", weights="random").card.spec == "torchvision:shufflenet_v2_x0_5"
    assert load("test_vit", weights="random").card.spec == "timm:test_vit"
    assert load("test_resnet.r160_in1k", weights="random").card.spec == "timm:test_resnet.r160_in1k"


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("restnet18", "resnet18"),
        ("torchvision:restnet18", "resnet18"),
        ("timm:restnet18", "resnet18"),
        ("torchvison:resnet18", "torchvision"),
        ("torchvision:resnet18.V9", "IMAGENET1K_V1"),
        ("timm:resnet18.v9", "a1_in1k"),
        ("my-net.pth", "weights='my-net.pth'"),
        ("", "seewhy models"),
        (":", "seewhy models"),
        ("timm:", ""),
    ],
)
def test_an_unknown_name_is_answered_with_its_neighbours(spec: str, hint: str) -> None:
    with pytest.raises(UnknownName) as error:
        load(spec)
    assert hint in error.value.hint


def test_a_module_is_not_a_name() -> None:
    with pytest.raises(BadOption, match=r"seewhy\.Model"):
        load(torch.nn.Identity())


def test_what_the_user_says_wins_over_the_source() -> None:
    model = load(TINY, weights="random", mean=(0.1, 0.2, 0.3), std=[1, 1, 1], classes=["cat", "dog"])
    assert tuple(model.mean) == (0.1, 0.2, 0.3)
    assert tuple(model.std) == (1, 1, 1)
    assert tuple(model.classes) == ("cat", "dog")
    assert model.module(torch.rand(1, 3, 160, 160)).shape == (1, 2)


def test_another_size_drops_the_usual_scale_and_is_built_where_it_is_fixed() -> None:
    model = load(TINY, weights="random", size=(96, 128))
    assert (model.size, model.resize) == ((96, 128), None)
    fixed = load("timm:vit_tiny_patch16_224", weights="random", size=(32, 64))
    assert fixed.module(torch.rand(1, 3, 32, 64)).shape == (1, 1000)
    assert model.module(torch.rand(1, 3, 96, 128)).shape == (1, 1000)
    assert load(TINY, weights="random", size=(160, 160)).resize is not None


def test_a_size_that_can_not_be_built_is_one_line() -> None:
    with pytest.raises(BadOption, match=r"can't be built"):
        load("torchvision:vit_b_32", weights="random", size=100)


def test_names_of_another_number_than_the_outputs_are_refused() -> None:
    with pytest.raises(BadOption, match="2 class names for the 1000 outputs"):
        load("default", classes=["cat", "dog"])


def test_head_reaches_the_model() -> None:
    def head(outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, :2]

    assert load(TINY, weights="random", head=head).head is head


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta", "cpu:3", ""])
def test_a_device_that_is_not_here_is_refused_with_those_that_are(device: str) -> None:
    with pytest.raises(BadOption) as error:
        load(TINY, weights="random", device=device)
    assert "cpu" in error.value.hint


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_network_is_on_the_device_asked_for() -> None:
    module = load(TINY, weights="random", device="cuda:0").module
    assert {p.device for p in module.parameters()} == {torch.device("cuda:0")}


def test_every_source_lists_names_it_knows() -> None:
    listed = available()
    assert listed.keys() == SOURCES.keys()
    assert "resnet50" in listed["torchvision"]
    assert "convnext_tiny" in listed["timm"]
    assert not any(name.startswith("quantized_") for name in listed["torchvision"])


def test_a_card_holds_what_loads_the_network_again() -> None:
    model = load("test_vit", weights="random")
    again = load(model.card.spec, weights=model.card.weights)
    assert same(model.module, again.module)
    assert {f.name for f in fields(model.card)} >= {"spec", "weights"}
