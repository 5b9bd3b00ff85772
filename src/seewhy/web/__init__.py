"""A server on this machine: photos in, predictions and explanations out, one piece of work after another."""

from seewhy.web.app import application
from seewhy.web.limits import Limits

__all__ = ["Limits", "application"]
