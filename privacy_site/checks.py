"""A production start with an unsafe setting is refused, with a sentence saying what to set."""
