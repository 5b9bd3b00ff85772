"""Decision trees over a network's classes: the hierarchy, its rules, and what they decide."""

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.by_wordnet import from_wordnet
from seewhy.trees.deciding import decide
from seewhy.trees.files import load, save
from seewhy.trees.holding import holdings
from seewhy.trees.inducing import induce
from seewhy.trees.naming import named
from seewhy.trees.rules import HardRules, MarginalRules, SoftRules
from seewhy.trees.shuffling import at_random
from seewhy.trees.synsets import meanings
from seewhy.trees.viewing import view

__all__ = [
    "HardRules",
    "Hierarchy",
    "MarginalRules",
    "SoftRules",
    "at_random",
    "decide",
    "from_wordnet",
    "holdings",
    "induce",
    "load",
    "meanings",
    "named",
    "save",
    "view",
]
