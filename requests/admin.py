"""Where Django looks for the screens of the desk: each registers itself."""

from .desk import around, copies, queue

__all__ = ["around", "copies", "queue"]
