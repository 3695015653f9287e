"""How long, until when, and then what: rules, schedule, sweeps in two steps, orders to others, legal holds."""
