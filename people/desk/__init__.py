"""People, guardians and colleagues as staff see them."""
