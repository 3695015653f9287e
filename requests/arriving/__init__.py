"""How a request begins: taken in from strangers, matched with who is on file, confirmed or let go."""
