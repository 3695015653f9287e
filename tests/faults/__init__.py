"""What breaks is broken on purpose, again and again, and counted afterwards: `make faults`."""
