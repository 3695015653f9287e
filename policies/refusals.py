"""Why an action on a policy version is refused, in sentences staff can act on."""

from audit.refusals import Refused


class WrongStage(Refused):
    pass


class NotReady(Refused):
    pass


class NeedsSecondPerson(Refused):
    status_code = 403


class TooEarly(Refused):
    pass


class NoVisibleChange(Refused):
    pass


class AlreadyInForce(Refused):
    pass


class DateTaken(Refused):
    pass


class PromiseBroken(Refused):
    """The text says something that is not so (design, truth 10)."""


class NothingToAnswerFor(Refused):
    pass
