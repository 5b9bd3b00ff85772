"""Whether a map is right: what the score does when the pixels it names are taken away."""

from seewhy.metrics.curves import deletion, insertion

__all__ = ["deletion", "insertion"]
