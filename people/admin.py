"""Where Django looks for the screens of the desk: each registers itself."""

from .desk import people, staff

__all__ = ["people", "staff"]
