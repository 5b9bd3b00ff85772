"""What a network has learned, as pictures made for it: feature visualization, deep dream, inversion."""

from seewhy.synthesis import objectives
from seewhy.synthesis.ascending import ascend
from seewhy.synthesis.dreaming import dream
from seewhy.synthesis.inverting import invert
from seewhy.synthesis.maximizing import visualize
from seewhy.synthesis.parsing import parse
from seewhy.synthesis.transforms import NONE, Transforms

__all__ = ["NONE", "Transforms", "ascend", "dream", "invert", "objectives", "parse", "visualize"]
