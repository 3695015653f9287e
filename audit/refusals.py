class Refused(Exception):
    """A deed the rules forbid. Its message is a sentence for staff, shown beside the form.

    Every action raises a subclass named after the refusal; nothing of the action is kept."""
