"""Decision trees over a network's classes: the hierarchy, its rules, what they decide, and how they are taught."""

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.by_wordnet import from_wordnet
from seewhy.trees.deciding import decide
from seewhy.trees.evaluating import evaluate
from seewhy.trees.files import load, save
from seewhy.trees.holding import holdings
from seewhy.trees.inducing import induce
from seewhy.trees.losses import HardTreeLoss, Schedule, SoftTreeLoss
from seewhy.trees.measuring import accuracies
from seewhy.trees.naming import named
from seewhy.trees.rules import HardRules, MarginalRules, SoftRules
from seewhy.trees.shuffling import at_random
from seewhy.trees.synsets import meanings
from seewhy.trees.training import fit
from seewhy.trees.viewing import view

__all__ = [
    "HardRules",
    "HardTreeLoss",
    "Hierarchy",
    "MarginalRules",
    "Schedule",
    "SoftRules",
    "SoftTreeLoss",
    "accuracies",
    "at_random",
    "decide",
    "evaluate",
    "fit",
    "from_wordnet",
    "holdings",
    "induce",
    "load",
    "meanings",
    "named",
    "save",
    "view",
]
