"""Companies and their papers as staff see them: lists, forms, buttons."""
