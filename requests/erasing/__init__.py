"""An erasure: what goes, what stays and why, and that it stays gone after a restore."""
