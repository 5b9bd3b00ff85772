"""What is inside a network: one file a thing that can be looked at."""

from seewhy.inspect.activations import activations
from seewhy.inspect.attention import attention
from seewhy.inspect.embeddings import embeddings
from seewhy.inspect.examples import examples
from seewhy.inspect.kernels import kernels
from seewhy.inspect.layers import layers
from seewhy.inspect.projecting import project

__all__ = ["activations", "attention", "embeddings", "examples", "kernels", "layers", "project"]
