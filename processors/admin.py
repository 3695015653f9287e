"""Where Django looks for the screens of the desk: each registers itself."""

from .desk import changes, companies, papers

__all__ = ["changes", "companies", "papers"]
