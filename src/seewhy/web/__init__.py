"""A server on this machine: photos in, predictions and explanations out, one piece of work after another."""

from typing import TYPE_CHECKING, Any

from seewhy.web.limits import Limits

if TYPE_CHECKING:
    from seewhy.web.app import application

__all__ = ["Limits", "application"]


def __getattr__(name: str) -> Any:
    """The application when it is asked for: the page is there before torch is."""
    if name == "application":
        from seewhy.web.app import application

        return application
    raise AttributeError(f"module 'seewhy.web' has no attribute {name!r}")
