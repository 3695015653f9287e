"""What the rules about people and staff forbid, each in a sentence for staff."""

from audit.refusals import Refused


class AuthorityCannotMove(Refused):
    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"This guardianship is {now}; it cannot become {wanted}.")


class AlreadyLinked(Refused):
    def __init__(self) -> None:
        super().__init__("These two are linked already. Open that guardianship and move it on from there.")


class NobodyIsTheirOwnGuardian(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody is their own guardian.")


class MinorCannotBeGuardian(Refused):
    def __init__(self) -> None:
        super().__init__(
            "A guardian is an adult. Our records say that this person is under 18, or a learner whose age nobody knows."
        )


class AlreadyClosed(Refused):
    def __init__(self) -> None:
        super().__init__("This person has left already.")


class NotClosed(Refused):
    def __init__(self) -> None:
        super().__init__("This person has not left.")


class AddressTaken(Refused):
    def __init__(self) -> None:
        super().__init__("Another person already has this address. Find out which of the two is right.")


class AddressUnchanged(Refused):
    def __init__(self) -> None:
        super().__init__("This is the address we have already.")


class DataRestricted(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This person’s data is restricted: kept, and not changed. Lift the restriction in its case, or let "
            "the person ask for the correction."
        )


class AlreadyRestricted(Refused):
    def __init__(self) -> None:
        super().__init__("This case has restricted the data already.")


class NotRestricted(Refused):
    def __init__(self) -> None:
        super().__init__("No restriction of this case is in force.")


class NothingCorrected(Refused):
    def __init__(self) -> None:
        super().__init__("Nothing would change: our records say this already.")


class WardsNeedAnAdult(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This person looks after a child in our records, and would be under 18 by this date of birth. "
            "Look at the guardianship first."
        )


class DayInTheFuture(Refused):
    def __init__(self) -> None:
        super().__init__("A statement cannot be dated in the future.")


class BirthDateKnown(Refused):
    def __init__(self) -> None:
        super().__init__("We know this person's date of birth: correct that instead of stating adulthood.")


class SecondPersonMissing(Refused):
    def __init__(self) -> None:
        super().__init__("Somebody else must decide this: not who asked for it, and not who receives it.")


class SuperuserNeeded(Refused):
    def __init__(self) -> None:
        super().__init__("Only a superuser decides who holds which power.")


class GrantCannotMove(Refused):
    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"This grant is {now}; it cannot become {wanted}.")


class UserIsInactive(Refused):
    def __init__(self) -> None:
        super().__init__("This account is switched off. Switch it on before giving it a power.")


class UserIsActive(Refused):
    def __init__(self) -> None:
        super().__init__("This account is switched on already.")


class LastSuperuser(Refused):
    def __init__(self) -> None:
        super().__init__("This is the last superuser: nobody could give powers any more.")


class NotYourself(Refused):
    def __init__(self) -> None:
        super().__init__("You cannot switch off your own account. Ask a colleague.")


class PowerAskedForAlready(Refused):
    def __init__(self) -> None:
        super().__init__("This person has this power, or it is asked for already.")


class NoSecondFactor(Refused):
    def __init__(self) -> None:
        super().__init__("This colleague has no second factor. They set one up when they sign in.")
