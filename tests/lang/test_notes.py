"""Every note has its Chinese: those that the code can make, and those that real networks made it make."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seewhy
import seewhy.lang.notes as notes
from conftest import MEAN, STD, SmallNet
from noted import HOLE, Code, NotFollowed
from seewhy import Model, explain, load
from seewhy.cams import unproved
from seewhy.errors import BadOption
from seewhy.lang import note
from seewhy.model.half import Compared
from seewhy.targets import ClassLogit
from seewhy.types import Map

PACKAGE = Path(seewhy.__file__).parent
KNOWN = sorted(Code(PACKAGE).notes())
NAMES = {
    "order",
    "n_steps",
    "n_samples",
    "max_dist",
    "anchors",
    "integrated_gradients",
    "float32",
    "float64",
    "bfloat16",
    "Shapley",
}
ENGLISH = "the map's sum misses the score's difference by 10.2%: take more n_steps"
CHINESE = "热力图的总和与得分之差相差 10.2%：请增大 n_steps"


def pairs() -> dict[str, str]:
    found = json.loads(
        Path(notes.__file__).with_name("notes_zh.json").read_text(encoding="utf-8"), object_pairs_hook=list
    )
    assert len({english for english, _ in found}) == len(found), "a sentence stands twice"
    return dict(found)


def foreign(chinese: str) -> list[str]:
    """English words and half-width punctuation, but for names: those quoted, and options'."""
    said = re.sub(r"'[^']*'", "", chinese)
    return [one for one in re.findall(r"[A-Za-z_]\w+|[,;:!?](?= |$)", said) if one not in NAMES]


def test_it_is_english_unless_asked_and_what_nobody_knows_stays_as_it_is():
    assert note(ENGLISH) == note(ENGLISH, "en") == ENGLISH
    assert note(ENGLISH, "zh") == CHINESE
    for other in ("the note of somebody's method, as it was", "It was then, but not now", "", "{}", "a: b {c}"):
        assert note(other, "zh") == other
    with pytest.raises(BadOption, match="'fr'"):
        note(ENGLISH, "fr")


def test_what_fills_a_note_is_translated_where_it_is_a_phrase_and_kept_where_it_is_not():
    many = note("the map's sum misses the score's difference by 9.0% (images 0, 2): draw more n_samples", "zh")
    assert many == "热力图的总和与得分之差最多相差 9.0%（图片 0、2）：请增大 n_samples"
    assert note("the map's sum misses the score's difference by 9.0%: pray {hard}", "zh").endswith("9.0%：pray {hard}")
    assert note("layer 'a: b' runs 2 times: its last output is read", "zh").startswith("层 'a: b' 运行 2 次：")
    assert note("the layers were conv, act and are act2", "zh") == "当时的层是 conv、act，现在是 act2"
    assert note("timm 1.0 then, absent now", "zh") == "timm 当时：1.0，现在：没有安装"


@pytest.mark.parametrize("said", KNOWN)
def test_every_note_that_the_code_can_make_has_its_chinese(said):
    chinese = note(said, "zh")
    assert chinese != said, f"no Chinese for {said!r}: add it to lang/notes_zh.json"
    assert foreign(chinese) == [], chinese
    assert chinese.count(HOLE) == said.count(HOLE), f"{chinese!r} lost a number or a name"


def test_every_template_has_a_note_it_is_for_and_the_same_places_to_fill():
    for english, chinese in pairs().items():
        parts = [(before, name) for before, name, _, _ in Formatter().parse(english)]
        places = [name for _, name in parts if name is not None]
        assert sorted(places) == sorted(name for _, name, _, _ in Formatter().parse(chinese) if name is not None)
        literal = re.compile(".*".join(re.escape(before) for before, _ in parts), re.DOTALL)
        assert any(literal.search(said) for said in KNOWN), f"nobody says {english!r}"
        assert all(before for before, name in parts[1:] if name is not None), (
            f"where does one place of {english!r} end?"
        )


METHOD = """
NAMES = ["one"]

def hint(self):
    return "far" if self.far else "near"

def also(found):
    found.append("always")
    return found

class Map:
    values: int
    notes: list = ()

class New:
    def __call__(self, x):
        said = []
        said += [f"{x.mean():.1f} is {hint(self)}{' by ' + x.name if x else ''}"]
        said.append("more")
        return Map(x, [*said, *also([])])

def other(x):
    return replace(x, notes=(*x.notes, "another"))
"""


def read(tmp_path: Path, code: str) -> set[str]:
    (tmp_path / "new.py").write_text(code)
    return Code(tmp_path).notes()


def test_the_notes_of_a_new_method_are_found(tmp_path):
    assert read(tmp_path, "") == set()
    found = read(tmp_path, METHOD.replace("{' by ' + x.name if x else ''}", ""))
    assert found == {"{} is far", "{} is near", "more", "always", "another"}
    assert note("{} is far", "zh") == "{} is far"  # so that the test above would fail


@pytest.mark.parametrize(
    "code",
    [
        METHOD,  # words in a placeholder, behind something unknown
        "x = replace(y, notes=[z.said()])",
        "x = replace(y, notes=[one for one in z])",
        "def f(z):\n    return replace(z, notes=z.said)",
        "def f(z):\n    for one in z:\n        g(notes=[one])",
        "class Map:\n    values: int\n    notes: list = ()\n\nx = Map(*y)",
        "def f(hint):\n    return g(notes=[hint])",
        "def f():\n    said = ['a']\n    said.insert(0, 'b')\n    return g(notes=said)",
    ],
)
def test_what_can_not_be_read_from_the_code_is_an_error_and_not_passed_over(tmp_path, code):
    with pytest.raises(NotFollowed):
        read(tmp_path, code)


class Twice(SmallNet):
    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.act(self.bn1(self.conv1(x))))
        return self.fc(self.act(self.bn3(self.conv3(self.act2(self.act2(x))))).mean((2, 3)))


class Flat(nn.Sequential):
    """Without max pooling."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


class Spread(SmallNet):
    """DeepLIFT has no rule for a standard deviation."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.act(self.bn1(self.conv1(x))).std((2, 3)).repeat(1, 2)[:, :8])


class Rounded(SmallNet):
    """Scores that float32 rounds to multiples of 1/32."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 3e5 - 3e5


def made(net: nn.Module | Model, x: Tensor, id: str, **options: Any) -> tuple[str, ...]:
    model = net if isinstance(net, Model) else Model(net, mean=MEAN, std=STD, size=(16, 20))
    return explain(model, x, id, 1, **options).notes


def refined(small: Model, x: Tensor) -> tuple[str, ...]:
    insists = replace(small, head=lambda outputs: outputs @ torch.eye(4))
    said = made(insists, x, "refinecam", layer=["act2", "act3"])[0]
    assert said.startswith("computed in float32, less exactly: ")
    return (said.partition(": ")[0] + ": 7",)  # the rest is torch's


def halved(small: Model, x: Tensor) -> tuple[str, ...]:
    compared, scores = Compared(), torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
    compared.keep(scores.bfloat16().float(), scores, torch.tensor([0, 1]).repeat(6))
    return tuple(compared.told(Map(torch.zeros(2, 1, 2, 2)), ClassLogit(1).pin(torch.zeros(2, 3), int)).notes)


def unproven(small: Model, x: Tensor) -> tuple[str, ...]:
    flat = SmallNet()
    nn.init.zeros_(flat.conv1.weight)
    return tuple(unproved(Model(flat, mean=MEAN, std=STD, size=(16, 20)), x, ["act2"]))


def again(small: Model, x: Tensor) -> tuple[str, ...]:
    old = explain(small, x, "gradcam", 1)
    moved = tuple(replace(one, geometry=replace(one.geometry, offset=(1.0, 0.0))) for one in old.photos)
    card = replace(old.model, fingerprint="another", name="'Net'")
    old = replace(old, layers=("'a'", "'b'"), photos=moved, model=card, versions={"'torch'": "0.1"})
    found = seewhy.again(old, small).notes
    return tuple(re.sub(r" are act3$", " are 'act3'", one) for one in found)


REAL: dict[str, tuple[int, Callable[[Model, Tensor], tuple[str, ...]]]] = {
    "gap": (1, lambda small, x: made(small, x, "integrated_gradients", n_steps=1, quadrature="left")),
    "gap of one": (1, lambda small, x: made(small, x[:1], "integrated_gradients", n_steps=1, quadrature="left")),
    "gap on a path": (1, lambda small, x: made(small, x, "guided_integrated_gradients", n_steps=2)),
    "gap without rules": (1, lambda small, x: made(Spread(), x, "deep_lift")),
    "gap at a layer": (1, lambda small, x: made(small, x, "layer_conductance", layer="conv2")),
    "parts": (1, lambda small, x: made(SmallNet(activation=nn.GELU), x, "fullgrad")),
    "background": (1, lambda small, x: made(small, x, "expected_gradients", n_samples=20)),
    "baseline": (1, lambda small, x: made(small, x, "gradient_shap", n_samples=4, baseline=[0.0, x])),
    "probabilities": (1, lambda small, x: made(nn.Sequential(SmallNet(), nn.Softmax(1)), x, "saliency")),
    "twice": (1, lambda small, x: made(Twice(), x, "gradcam", layer="act2")),
    "tail": (1, lambda small, x: made(small, x, "ablationcam", layer="act2")),
    "no tail": (1, lambda small, x: made(replace(small, fast=False), x, "ablationcam", layer="act2")),
    "blind": (1, lambda small, x: made(Flat(), x, "deconvnet")),
    "refined": (1, refined),
    "several baselines": (2, lambda small, x: made(small, x, "occlusion", window=8, baseline=[0.0, 1.0, "blur"])),
    "several baselines of masks": (2, lambda small, x: made(small, x, "rise", n_samples=20, baseline=[0.0, "blur"])),
    "reached": (2, lambda small, x: made(small, x, "occlusion", window=4)),
    "whole": (2, lambda small, x: made(replace(small, fast=False), x, "occlusion", window=8)),
    "halved": (1, halved),
    "compiled": (2, lambda small, x: made(replace(small, compile=True), x, "rise", n_samples=20)),
    "unproved": (1, unproven),
    "relevance": (2, lambda small, x: made(load("default"), x.repeat(1, 1, 14, 12)[..., :224, :224], "lrp")),
    "relevance in float64": (1, lambda small, x: made(Rounded(), x, "lrp", rule="epsilon")),
    "again": (4, again),
}  # with how many notes at least


@pytest.mark.parametrize("case", REAL)
def test_real_notes_are_among_those_found_and_come_out_in_chinese(case: str, small: Model, x: Tensor) -> None:
    least, make = REAL[case]
    said = make(small, x)
    assert len(said) >= least, said
    for one in said:
        forms = [".*".join(map(re.escape, known.split(HOLE))) for known in KNOWN]
        assert any(re.fullmatch(form, one, re.DOTALL) for form in forms), f"{one!r} was not found in the code"
        assert note(one, "zh") != one and foreign(note(one, "zh")) == [], note(one, "zh")


@pytest.mark.parametrize(("id", "what"), [("gradcam", "没有正向证据"), ("saliency", "得分始终不变")])
def test_a_blank_map_is_told_in_chinese(id: str, what: str, small: Model, x: Tensor) -> None:
    found = explain(small, x, id, lambda outputs: torch.full((len(outputs),), 2.0))
    assert note(found.notes[-1], "zh") == f"空白热力图：{what}（图片 0、1）"
    alone = explain(small, x[:1], id, lambda outputs: torch.full((len(outputs),), 2.0))
    assert note(alone.notes[-1], "zh") == f"空白热力图：{what}"
