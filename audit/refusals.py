from typing import ClassVar


class Refused(Exception):
    """A deed the rules forbid. Its message is a sentence for staff, shown beside the form.

    Every action raises a subclass named after the refusal; nothing of the action is kept.

    Answered with 409; a refusal of the person rather than of the moment says 403."""

    status_code: ClassVar[int] = 409
