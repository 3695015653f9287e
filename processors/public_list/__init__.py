"""The list of companies that everybody reads, what changed on it, and who is told."""
