from importlib.util import find_spec

import numpy as np
import pytest
import torch
from sklearn.cluster import AgglomerativeClustering
from torch import nn

import seewhy
from seewhy.errors import BadInput, BadOption, Unsupported
from seewhy.model.last import last_linear
from seewhy.sources.keras import library
from seewhy.trees import Hierarchy, induce
from seewhy.trees.inducing import LINKAGES, METRICS

ROWS = np.random.default_rng(0).normal(size=(40, 7))


def splits(tree: Hierarchy) -> set[frozenset[int]]:
    return {frozenset(tree.classes[node]) for node in tree.inner}


def merged(children: np.ndarray, leaves: int) -> set[frozenset[int]]:
    groups = [frozenset([number]) for number in range(leaves)]
    for one, other in children:
        groups.append(groups[one] | groups[other])
    return set(groups[leaves:])


def model(*layers: nn.Module, size: int = 16) -> seewhy.Model:
    return seewhy.Model(nn.Sequential(*layers), mean=(0.5,) * 3, std=(0.5,) * 3, size=(size, size))


@pytest.mark.parametrize(
    ("linkage", "metric"),
    [("ward", "euclidean")]
    + [(one, metric) for one in ("complete", "average", "single") for metric in ("euclidean", "cosine", "cityblock")],
)
def test_merges_are_those_of_scikit_learn(linkage: str, metric: str) -> None:
    theirs = AgglomerativeClustering(linkage=linkage, metric=metric, n_clusters=2).fit(ROWS).children_
    assert splits(induce(ROWS, linkage, metric)) == merged(theirs, 40)


def test_ward_joins_the_pair_that_adds_least_variance() -> None:
    groups, found = [frozenset([number]) for number in range(40)], set()

    def spread(group: frozenset[int]) -> float:
        own = ROWS[sorted(group)]
        return float(((own - own.mean(0)) ** 2).sum())

    while len(groups) > 1:
        pairs = [(one, two) for i, one in enumerate(groups) for two in groups[:i]]
        best = min(pairs, key=lambda pair: spread(pair[0] | pair[1]) - spread(pair[0]) - spread(pair[1]))
        groups = [one for one in groups if one not in best] + [best[0] | best[1]]
        found.add(groups[-1])
    assert splits(induce(ROWS)) == found


@pytest.mark.parametrize("linkage", LINKAGES)
def test_every_linkage_gives_a_binary_tree_of_all_classes(linkage: str) -> None:
    tree = induce(torch.tensor(ROWS, dtype=torch.float16), linkage, classes=[f"name {n}" for n in range(40)])
    assert len(tree) == 79 and len(tree.leaves) == 40
    assert {len(below) for below in tree.children} == {0, 2}
    assert [tree.called(node) for node in tree.leaves] == [f"name {n}" for n in range(40)]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_counts(metric: str) -> None:
    assert metric == "euclidean" or splits(induce(ROWS, "average", metric)) != splits(induce(ROWS, "average"))


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ([nn.Flatten(), nn.Linear(768, 32), nn.ReLU(), nn.Linear(32, 10)], "3"),
        ([nn.Conv2d(3, 32, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)], "3"),
        ([nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()], "2"),
        ([nn.Flatten(2), nn.Linear(256, 32), nn.ReLU(), nn.Flatten(), nn.Linear(96, 10), nn.Softmax(1)], "4"),
        ([nn.Flatten(), nn.Linear(768, 10), nn.Linear(10, 10), nn.Sigmoid()], "2"),
        ([nn.Conv2d(3, 32, 3, 2), nn.ReLU(), nn.Conv2d(32, 10, 1), nn.UpsamplingBilinear2d((16, 16))], "2"),
    ],
)
def test_the_last_linear_layer_is_found_and_stays_as_it_was(layers: list[nn.Module], name: str) -> None:
    torch.manual_seed(0)
    network = model(*layers)
    network.module.train()
    before = {key: value.clone() for key, value in network.module.state_dict().items()}
    found = last_linear(network)
    weight = layers[int(name)].weight.detach().flatten(1)
    assert found.name == name and torch.equal(found.weight, weight)
    assert splits(induce(network)) == splits(induce(weight))
    found.weight.zero_()
    assert all(torch.equal(value, before[key]) for key, value in network.module.state_dict().items())
    assert network.module.training


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()],
        [nn.Flatten(), nn.Linear(768, 10), nn.Tanh()],
        [nn.Flatten(), nn.Linear(768, 10), nn.BatchNorm1d(10, affine=False), nn.LayerNorm(10)],
        [nn.Conv2d(3, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()],
    ],
)
def test_a_last_layer_that_is_not_linear_is_refused(layers: list[nn.Module]) -> None:
    torch.manual_seed(0)
    with pytest.raises(Unsupported, match="is not linear") as refused:
        induce(model(*layers))
    assert "give the weights" in refused.value.hint


class Cosine(nn.Linear):
    """Its scores are cosines: a long row is no likelier than a short one."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(nn.functional.normalize(x), nn.functional.normalize(self.weight))


def test_a_linear_layer_that_does_something_else_is_none() -> None:
    with pytest.raises(Unsupported, match="is not linear"):
        induce(model(nn.Flatten(), Cosine(768, 10)))


@pytest.mark.skipif(find_spec("keras") is None, reason="needs seewhy[keras]")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, as it reads weights out
@pytest.mark.parametrize("end", ["softmax", None, "tanh"])
def test_a_network_of_keras(end: str | None) -> None:
    keras = library()
    layers = keras.layers
    stack = [layers.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.GlobalAveragePooling2D()]
    dense = layers.Dense(5, activation=end)
    network = seewhy.Model(keras.Sequential([*stack, dense]), mean=(0.5,) * 3, std=(0.5,) * 3, size=(16, 16))
    if end == "tanh":
        with pytest.raises(Unsupported, match="is not linear"):
            induce(network)
    else:
        np.testing.assert_array_equal(last_linear(network).weight, dense.get_weights()[0].T)


def test_scores_that_are_all_the_same_are_said() -> None:
    network = model(nn.Flatten(), nn.Linear(768, 10))
    for one in network.module.parameters():
        nn.init.zeros_(one)
    with pytest.raises(Unsupported, match="are the same"):
        induce(network)


def test_half_precision() -> None:
    torch.manual_seed(0)
    network = model(nn.Flatten(), nn.Linear(768, 10))
    weight = network.module[1].weight.detach().clone()
    network.module.to(torch.bfloat16)
    assert torch.equal(last_linear(network).weight.float(), weight.bfloat16().float())


def test_a_function_is_refused() -> None:
    box = seewhy.black_box(lambda images: np.tile([0.2, 0.8], (len(images), 1)), input="float", size=8)
    with pytest.raises(Unsupported, match="last layer of"):
        induce(box)


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        (lambda: induce(ROWS, "wards"), BadOption, "linkage is 'wards'"),
        (lambda: induce(ROWS, metric="l2"), BadOption, "metric is 'l2'"),
        (lambda: induce(ROWS, "ward", "cosine"), BadOption, "metric 'cosine' with linkage 'ward'"),
        (lambda: induce(ROWS[:1]), BadInput, "one class"),
        (lambda: induce(ROWS[0]), BadInput, "weights of shape"),
        (lambda: induce(ROWS * np.nan), BadInput, "not all finite"),
        (lambda: induce(np.array([["a"]])), BadInput, "no numbers"),
        (lambda: induce(np.eye(3) * [1, 1, 0], "average", "cosine"), BadInput, "no cosine distance"),
        (lambda: induce(ROWS, classes=["a"]), BadInput, "1 class names for 40 rows"),
        (lambda: induce(nn.Linear(2, 2)), Unsupported, "bare nn.Module"),
        (lambda: induce(7), BadOption, "is no model"),
    ],
)
def test_what_makes_no_tree_is_refused(call: object, error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem) as refused:
        call()  # type: ignore[operator]  # each row is a call
    assert refused.value.hint
