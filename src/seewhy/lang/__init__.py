"""The words of figures, pages and the command line, in the reader's language."""

from seewhy.lang.catalog import languages, text
from seewhy.lang.classes import class_name
from seewhy.lang.fonts import font
from seewhy.lang.notes import note

__all__ = ["class_name", "font", "languages", "note", "text"]
