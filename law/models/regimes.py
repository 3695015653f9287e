"""Bodies of law that give people rights, as numbers and words the deadline engine reads."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from audit.evidence import evidence
from law.periods import Period, PeriodUnit

from .rows import FREE, LawManager, LawRow, ends_after_it_starts

PERIODS = (
    "response", "extension", "acknowledge", "opt_out", "appeal", "complaint_acknowledge", "breach_authority",
    "breach_people",
)  # fmt: skip


class Effect(models.TextChoices):
    """What a question to the requester does to the clock."""

    NONE = "none", "does not stop the clock"
    PAUSE = "pause", "stops the clock until the answer"
    RESTART = "restart", "the period begins with the answer"


class LastDay(models.TextChoices):
    NONE = "none", "stays where it falls"
    NEXT_WORKING_DAY = "next_working_day", "moves to the next working day"


class Protects(models.TextChoices):
    """Whose requests a law answers. Those of pupils go to their school, which decides."""

    EVERYONE = "everyone", "everyone who lives there"
    CHILDREN = "children", "children, through their parents"
    PUPILS = "pupils", "pupils, through their school"
    BREACH = "breach", "people whose data were breached"


class Trust(models.TextChoices):
    A = "A", "A: statute, regulator, or two good sources that agree"
    B = "B", "B: one good secondary source"
    C = "C", "C: mostly from memory"


def pieces(text: str) -> list[str]:
    """A list kept in one cell: EU|IS|LI|NO."""
    return [piece for piece in text.split("|") if piece]


def are_pieces(text: str) -> None:
    if any(piece != piece.strip() or not piece for piece in text.split("|")):
        raise ValidationError("Write the list with | between its parts and no spaces: EU|IS|LI|NO.")


def _number(
    help_text: str = "Empty: the law names no number.",
) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    return models.PositiveSmallIntegerField(null=True, blank=True, help_text=help_text)


def _unit() -> "models.CharField[str, str]":
    return models.CharField(max_length=16, choices=PeriodUnit, blank=True)


def _both_or_none(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{name}_n": None, f"{name}_unit": ""})
        | (Q(**{f"{name}_n__isnull": False}) & ~Q(**{f"{name}_unit": ""})),
        name=f"law_regime_{name}_whole",
        violation_error_message="Write the number and its unit, or neither.",
    )


@evidence(frozen_once="approved_at", free=FREE)
class Regime(LawRow):
    """One body of law on the rights of people: who is under it, how long we have, what we owe them."""

    code = models.SlugField(
        max_length=32, help_text="As in uk_gdpr. Rows of one code follow each other in time."
    )
    name = models.CharField(max_length=150)
    places = models.CharField(
        max_length=100,
        blank=True,
        validators=[are_pieces],
        help_text="Where the people it protects live, with | between. EU stands for every member. "
        "Empty: the state laws say so.",
    )
    protects = models.CharField(
        max_length=8, choices=Protects, default=Protects.EVERYONE, db_default=Protects.EVERYONE
    )
    clock_start = models.CharField(
        max_length=100, blank=True, help_text="In words. What the period counts from."
    )
    response_n = _number()
    response_unit = _unit()
    is_receipt_day_disputed = models.BooleanField(
        default=False,
        help_text="The text may be read so that the day of receipt counts: the strict date is a day earlier.",
    )
    last_day = models.CharField(max_length=20, choices=LastDay, default=LastDay.NONE)
    identity_effect = models.CharField(max_length=8, choices=Effect, default=Effect.NONE)
    is_identity_pause_disputed = models.BooleanField(
        default=False, help_text="Only accepted by authorities, not in the text: the strict date ignores it."
    )
    clarification_effect = models.CharField(max_length=8, choices=Effect, default=Effect.NONE)
    acknowledge_n = _number()
    acknowledge_unit = _unit()
    opt_out_n = _number("For opt-outs of sale or sharing, where they have a period of their own.")
    opt_out_unit = _unit()
    extension_n = _number()
    extension_unit = _unit()
    is_extension_open = models.BooleanField(
        default=False, help_text="May be extended, and the law sets no longest time: we tell the new day."
    )
    extension_condition = models.CharField(max_length=250, blank=True)
    appeal_n = _number()
    appeal_unit = _unit()
    complaint_acknowledge_n = _number()
    complaint_acknowledge_unit = _unit()
    breach_authority_n = _number()
    breach_authority_unit = _unit()
    is_breach_authority_after_people = models.BooleanField(
        default=False, help_text="Counts from the day people were told, not from when we knew."
    )
    breach_authority_above = _number("Only where more people than this are affected. Empty: always.")
    breach_authority = models.CharField("to the authority", max_length=250, blank=True)
    breach_people_n = _number()
    breach_people_unit = _unit()
    breach_people = models.CharField("to the people", max_length=250, blank=True)
    refusal_duty = models.CharField(max_length=250, blank=True, help_text="What a refusal must tell.")
    fee_rule = models.CharField(max_length=250, blank=True)
    rights = models.CharField(max_length=400, validators=[are_pieces], help_text="With | between.")
    trust = models.CharField(max_length=1, choices=Trust)

    objects = LawManager["Regime"]()

    class Meta:
        permissions = [("approve_regime", "Can approve, switch and end regimes")]
        ordering = ["code", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "in_force_from"], name="law_regime_one_row_a_day"),
            ends_after_it_starts("law_regime_ends_after_it_starts"),
            *map(_both_or_none, PERIODS),
        ]

    def __str__(self) -> str:
        return self.name

    def period(self, name: str) -> Period | None:
        """One of PERIODS; None where the law names no number."""
        number = getattr(self, f"{name}_n")
        return None if number is None else Period(number, getattr(self, f"{name}_unit"))

    def gives(self, right: str) -> bool:
        """opt_out is met by opt_out_sale, access by parent_access: laws cut their rights differently."""
        return any(piece == right or piece.startswith(f"{right}_") for piece in self.plain_rights())

    def plain_rights(self) -> list[str]:
        return [piece.removeprefix("parent_") for piece in pieces(self.rights)]


@evidence(frozen_once="approved_at", free=FREE)
class StateLaw(LawRow):
    """The privacy act of one US state: its own numbers on the pattern of the regime us_state_model."""

    class Sensitive(models.TextChoices):
        OPT_IN = "opt_in", "only after a yes"
        OPT_OUT = "opt_out", "until a no"
        LIMIT_USE = "limit_use", "people may limit it"
        STRICTLY_NECESSARY = "strictly_necessary_no_sale", "only where strictly necessary, never sold"

    state = models.CharField(max_length=2, help_text="Two letters: VA.")
    law = models.CharField(max_length=100)
    response_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: not known.")
    extension_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: not known.")
    has_appeal = models.BooleanField("right to appeal", null=True, blank=True)
    appeal_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: not known.")
    has_correction = models.BooleanField("right to correct", null=True, blank=True)
    has_profiling_opt_out = models.BooleanField("opt-out of profiling", null=True, blank=True)
    has_browser_signal = models.BooleanField("browser signal binds", null=True, blank=True)
    has_authorized_agent = models.BooleanField("agents may ask", null=True, blank=True)
    sensitive_data = models.CharField(max_length=32, choices=Sensitive, blank=True)

    objects = LawManager["StateLaw"]()

    class Meta:
        permissions = [("approve_statelaw", "Can approve, switch and end state laws")]
        ordering = ["state", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["state", "in_force_from"], name="law_state_one_row_a_day"),
            ends_after_it_starts("law_state_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.law}"

    @property
    def code(self) -> str:
        """As regimes are called: us_va."""
        return f"us_{self.state.lower()}"


@evidence(frozen_once="approved_at", free=FREE)
class RefusalGround(LawRow):
    """A reason a law accepts for not doing, or not wholly doing, what was asked."""

    code = models.SlugField(max_length=32)
    regimes = models.CharField(
        max_length=150, validators=[are_pieces], help_text="Codes of regimes, with | between."
    )
    rights = models.CharField(
        max_length=150, validators=[are_pieces], help_text="Rights it can answer, with | between; or all."
    )
    rights_never = models.CharField(
        max_length=100, blank=True, help_text="Of all rights, those it never answers, with | between."
    )
    ground = models.CharField(max_length=200)
    effect = models.CharField(max_length=200, help_text="What it lets us do: refuse, keep a part, ask.")
    tell_person = models.CharField(max_length=200, blank=True, help_text="What the letter must say.")

    objects = LawManager["RefusalGround"]()

    class Meta:
        permissions = [("approve_refusalground", "Can approve, switch and end refusal grounds")]
        ordering = ["code", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "in_force_from"], name="law_ground_one_row_a_day"),
            ends_after_it_starts("law_ground_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.ground} ({self.source})"

    def answers(self, right: str) -> bool:
        """An exemption from erasure never answers a request for access (GDPR Art. 17(3))."""
        if right in pieces(self.rights_never):
            return False
        return self.rights == "all" or right in pieces(self.rights)
