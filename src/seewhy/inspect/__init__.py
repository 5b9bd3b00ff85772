"""What is inside a network: one file a thing that can be looked at."""

from seewhy.inspect.attention import attention

__all__ = ["attention"]
