"""Layer-wise relevance propagation, on the functions that a network calls.

What flows back is c = relevance / value. For most rules that is the gradient of a network whose functions have other
backwards, so that one forward and one backward do; rules that ask for the signs of products take one product more a
layer. Each backward also tells what it keeps, image by image, as the gradient of a number that is added nowhere: the
relevance of the pixels and what was kept must sum to the score.
"""

from seewhy.model.relevance.presets import PRESETS, Preset
from seewhy.model.relevance.run import SINKS, Sink

__all__ = ["PRESETS", "SINKS", "Preset", "Sink"]
