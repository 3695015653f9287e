"""The morning page: what waits for staff, each line a count, a sentence and one way in."""

from .page import sections

__all__ = ["sections"]
