"""What we told whom, as staff see it."""
