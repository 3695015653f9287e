"""Who asks, and may they: the ladder from a signed-in session to a document as the last resort."""
