"""The law's rows as staff see them: read, compared with the source, approved."""
