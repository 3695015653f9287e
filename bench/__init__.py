"""How long the heavy work takes at a million rows: `make bench` (docs/reference/performance.md)."""
