"""How often a network, and its tree by either rule, is right on data with labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.rules import HardRules, SoftRules
from seewhy.trees.seeded import Seeded


def accuracies(
    network: nn.Module, dataset: "Dataset[Any]", tree: Hierarchy | None = None, *, batch_size: int = 256
) -> dict[str, float]:
    """Shares of the samples, or of their places, that are said right: "network", and with a tree "soft" and "hard".

    dataset: of pairs (input, label) as the network takes them; a label that is no class counts as none. The network is
    in evaluation mode meanwhile and left as it was.
    """
    device = next((one.device for one in network.parameters()), torch.device("cpu"))
    rules = {} if tree is None else {"soft": SoftRules(tree).to(device), "hard": HardRules(tree).to(device)}
    right, count = dict.fromkeys(["network", *rules], 0), 0
    with evaluating(network), torch.no_grad():
        for x, labels in DataLoader(Seeded(dataset), batch_size, generator=torch.Generator()):
            scores, labels = network(x.to(device)), labels.to(device)
            said: dict[str, Tensor] = {"network": scores.argmax(1)}
            said |= {name: rule(scores).argmax(1) for name, rule in rules.items()}
            known = (labels >= 0) & (labels < scores.shape[1])
            count += int(known.sum())
            for name, classes in said.items():
                right[name] += int(((classes == labels) & known).sum())
    return {name: number / max(count, 1) for name, number in right.items()}


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """In evaluation mode, and afterwards each module in the mode it was in."""
    with modes_kept(network):
        network.eval()
        yield


@contextmanager
def modes_kept(network: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in network.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
