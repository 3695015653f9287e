"""Why something cannot happen to a case, in sentences staff can act on."""

from audit.refusals import Refused


class WrongStage(Refused):
    pass


class NotVerified(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Nobody has shown who asks. A duplicate of a verified request is no proof: verify this one."
        )


class NobodyMatched(Refused):
    def __init__(self) -> None:
        super().__init__("It is not known whom this is about. Find the person on file first.")


class MayNotAct(Refused):
    """The requester asks for somebody else, and nothing shows that they may."""


class WaitsForAnother(Refused):
    """Asked for in one go with something that has to come first."""


class NeedsSecondPerson(Refused):
    status_code = 403


class NeedsStaff(Refused):
    status_code = 403


class Paused(Refused):
    pass


class NotPaused(Refused):
    def __init__(self) -> None:
        super().__init__("This case is not paused.")


class DeadlineAlreadyExtended(Refused):
    def __init__(self) -> None:
        super().__init__("The deadline was extended before. The law allows that once.")


class ExtensionTooLate(Refused):
    pass


class NoExtension(Refused):
    pass


class RefusalTooLate(Refused):
    pass


class GroundDoesNotFit(Refused):
    pass


class TasksOpen(Refused):
    pass


class LetterMissing(Refused):
    pass


class LetterUnfinished(Refused):
    pass


class ReasonMissing(Refused):
    pass


class UndecidedCorrections(Refused):
    def __init__(self) -> None:
        super().__init__("Decide each correction first: nobody can correct what is not decided.")


class NothingToCorrect(Refused):
    def __init__(self) -> None:
        super().__init__(
            "No correction is accepted. Write down what is to be corrected, or refuse the request."
        )


class CorrectionNotClean(Refused):
    """What it should say cannot be written like this; the message names the field, not the value."""


class AddressNeedsProof(Refused):
    def __init__(self) -> None:
        super().__init__(
            "An address opens everything that is sent to it. It changes only for whoever signed in, confirmed by "
            "the address on file, showed a document, or was vouched for by two colleagues."
        )


class AgeNeedsProof(Refused):
    """Somebody would gain or lose the say over a learner's data."""


class GroundMissing(Refused):
    def __init__(self) -> None:
        super().__init__("Say on which ground of the law first.")


class NeverWeighed(Refused):
    def __init__(self) -> None:
        super().__init__(
            "An objection to direct marketing, and an opt-out of sale or sharing, is never weighed against "
            "anything (GDPR Art. 21(2)–(3)). It stops."
        )


class NotToldYet(Refused):
    def __init__(self) -> None:
        super().__init__("Tell them first that the restriction ends, and from when (GDPR Art. 18(3)).")


class NotAppealable(Refused):
    pass


class NotALink(Refused):
    """Two cases that cannot be linked in this way."""


class NotEnough(Refused):
    """This way of showing who one is does not carry what was asked for."""


class NoCheckOpen(Refused):
    def __init__(self) -> None:
        super().__init__("No proof of identity is being waited for.")


class NotAsked(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody has asked for a document here, so none is kept.")


class NothingPasted(Refused):
    def __init__(self) -> None:
        super().__init__("Nothing in the words of this case looks like a document any more.")


class TooManyDocuments(Refused):
    pass


class TooSoon(Refused):
    pass


class NoAddress(Refused):
    def __init__(self, why: str = "There is no usable address on file to write to.") -> None:
        super().__init__(why)


class LinkSpent(Refused):
    def __init__(self) -> None:
        super().__init__("This link has been used, or its time is over.")


class ThreadClosed(Refused):
    pass


class NotAnInquiry(Refused):
    def __init__(self) -> None:
        super().__init__("Only an open inquiry or complaint can become a request.")


class TooManyAtOnce(Refused):
    pass
