"""Segmentation: the rules, losses and accuracies of a network that says a class for each place."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from seewhy import Model
from seewhy.errors import BadInput, Unsupported
from seewhy.trees import HardRules, HardTreeLoss, Hierarchy, SoftRules, SoftTreeLoss, accuracies, evaluate, fit

CLASSES = ("sky", "sea", "sand", "rock")
EDGES = [("all", "blue"), ("all", "ground"), ("blue", "sky"), ("blue", "sea"), ("ground", "sand"), ("ground", "rock")]
TREE = Hierarchy.of(["all", "blue", "ground", *CLASSES], EDGES, CLASSES)
COLOURS = torch.tensor([[0.5, 0.7, 1.0], [0.0, 0.2, 0.8], [0.9, 0.8, 0.4], [0.4, 0.4, 0.3]])


def scenes(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Pictures (b,3,8,10) of bands of colours, noise on them, and the class of each pixel; an edge has none."""
    made = torch.Generator().manual_seed(seed)
    bands = torch.randint(4, (count, 4, 5), generator=made)
    labels = bands.repeat_interleave(2, 1).repeat_interleave(2, 2)
    pixels = COLOURS[labels].permute(0, 3, 1, 2) + 0.05 * torch.randn(count, 3, 8, 10, generator=made)
    labels[:, :, 0] = -100
    return pixels, labels


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 16, 1), nn.ReLU(), nn.Conv2d(16, 4, 1))


@pytest.mark.parametrize("loss", [SoftTreeLoss(TREE), SoftTreeLoss(TREE, term="probability"), HardTreeLoss(TREE)])
def test_a_network_learns_the_class_of_each_place(loss: nn.Module) -> None:
    net = network()
    held = scenes(20, seed=1)
    before = accuracies(net, TensorDataset(*held), TREE)
    fit(net, TensorDataset(*scenes(60)), loss, epochs=15, batch_size=10, optimizer=quick)
    found = accuracies(net, TensorDataset(*held), TREE)
    assert max(before.values()) < 0.6 and min(found.values()) > 0.95
    with torch.no_grad():
        scores = net(held[0])
    maps = HardRules(TREE)(scores).argmax(1)
    assert maps.shape == held[1].shape
    known = held[1] >= 0
    assert float((maps == held[1])[known].float().mean()) == pytest.approx(found["hard"])
    ground = SoftRules(TREE).log_reached(scores)[:, TREE.ids.index("ground")].exp()  # (b,h,w)
    truth = torch.isin(held[1], torch.tensor([2, 3]))
    assert ground[truth].mean() > 0.9 > 0.1 > ground[known & ~truth].mean()


def quick(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-2)


def test_maps_of_other_classes_are_refused() -> None:
    with pytest.raises(BadInput, match="for a tree of 4 classes"):
        HardRules(TREE)(torch.zeros(1, 5, 8, 10))
    with pytest.raises(BadInput, match="each of its places"):
        HardTreeLoss(TREE).term(torch.zeros(1, 4, 8, 10), torch.zeros(1, 8, 9).long())


def test_photos_with_one_label_are_not_judged_by_maps() -> None:
    model = Model(network(), mean=(0.5,) * 3, std=(0.5,) * 3, size=(8, 10), classes=CLASSES)
    with pytest.raises(Unsupported):
        evaluate(model, [(np.zeros((8, 10, 3), np.uint8), "sky")], TREE)
