"""Where Django looks for the screens of the desk: each registers itself."""

from .desk import categories, cookies, holds, objections, orders, registers, retention, sweeps

__all__ = ["categories", "cookies", "holds", "objections", "orders", "registers", "retention", "sweeps"]
