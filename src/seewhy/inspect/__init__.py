"""What is inside a network: one file a thing that can be looked at."""

from seewhy.inspect.activations import activations
from seewhy.inspect.attention import attention
from seewhy.inspect.kernels import kernels
from seewhy.inspect.layers import layers

__all__ = ["activations", "attention", "kernels", "layers"]
