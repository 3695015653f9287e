"""Where Django looks for the screens of the desk: each registers itself."""

from .desk import campaigns, mails

__all__ = ["campaigns", "mails"]
