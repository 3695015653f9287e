"""The registers as staff see them: lists, forms, buttons."""
