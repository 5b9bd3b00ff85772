"""What is inside a network: one file a thing that can be looked at."""

from seewhy.inspect.activations import activations
from seewhy.inspect.attention import attention
from seewhy.inspect.embeddings import embeddings
from seewhy.inspect.kernels import kernels
from seewhy.inspect.layers import layers
from seewhy.inspect.projecting import project

__all__ = ["activations", "attention", "embeddings", "kernels", "layers", "project"]
