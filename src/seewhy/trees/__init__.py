"""Decision trees over a network's classes: the hierarchy, its rules, and what they decide."""

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.deciding import decide
from seewhy.trees.files import load, save
from seewhy.trees.inducing import induce
from seewhy.trees.rules import HardRules, SoftRules
from seewhy.trees.viewing import view

__all__ = ["HardRules", "Hierarchy", "SoftRules", "decide", "induce", "load", "save", "view"]
