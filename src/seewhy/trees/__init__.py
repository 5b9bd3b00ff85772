"""Decision trees over a network's classes: the hierarchy, its rules, and what they decide."""

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.inducing import induce
from seewhy.trees.losses import HardTreeLoss, Schedule, SoftTreeLoss
from seewhy.trees.measuring import accuracies
from seewhy.trees.rules import HardRules, SoftRules
from seewhy.trees.training import fit

__all__ = [
    "HardRules",
    "HardTreeLoss",
    "Hierarchy",
    "Schedule",
    "SoftRules",
    "SoftTreeLoss",
    "accuracies",
    "fit",
    "induce",
]
