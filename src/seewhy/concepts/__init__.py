"""Concepts: those that are named by pictures, and those found in what a network makes of its own."""

from seewhy.concepts.craft import craft
from seewhy.concepts.factors import factors
from seewhy.concepts.perturbing import along
from seewhy.concepts.tcav import tcav
from seewhy.results.cavs import load_cavs

__all__ = ["along", "craft", "factors", "load_cavs", "tcav"]
