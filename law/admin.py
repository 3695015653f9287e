"""Where Django looks for the screens of the desk: each registers itself."""

from .desk import deadlines, rows

__all__ = ["deadlines", "rows"]
