"""What this room holds about people, and how it goes when its time is over."""

from datetime import date, datetime

from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy

from audit.personal import Along, Clock, Holding, Rows, StartEvent, Then, exclude, register
from law.models import Company

from .models import Authority, Guardianship, Person, Restriction, User

ACCOUNT, FAMILY = "account-details", "family-links"
CASES = "rights-requests"  # what came of a request is kept as long as the request (requests.personal)
WISHES = gettext_lazy("It shows what a person asked us not to do, and since when.")


def _idle_since(day: date) -> Q:
    """Last seen by the platform on that day or before; of whom it never spoke, the day they left.
    Whoever looks after somebody who still comes is not idle: a child would lose their guardian."""
    idle = Q(last_active_on__lte=day) | Q(last_active_on=None, left_at__lt=Company.current().end_of(day))
    links = Guardianship.objects.order_by().exclude(authority=Authority.ENDED)
    active = Person.objects.order_by().exclude(idle)
    return idle & ~Q(Exists(links.filter(guardian=OuterRef("pk"), child__in=active.values("pk"))))


def _closed_until(day: date) -> Q:
    return Q(left_at__lt=Company.current().end_of(day))


def _ended_until(day: date) -> Q:
    return Q(authority=Authority.ENDED, decided_at__lt=Company.current().end_of(day))


def delete_people(rows: Rows, at: datetime) -> int:
    """The links go first; a foreign key that stands in the way stops the whole window, loudly."""
    _delete_links_of(rows)
    return int(rows._raw_delete(rows.db))


def empty_people(rows: Rows, at: datetime) -> int:
    """Only the number stays, for the evidence that points to it."""
    _delete_links_of(rows)
    return rows.update(
        external_id=Concat(Value("erased-"), Cast("pk", CharField())),
        given_name="",
        family_name="",
        email="",
        undeliverable_at=None,
        birth_date=None,
        adult_stated_on=None,
        country="",
        region="",
        last_active_on=None,
        left_at=Coalesce("left_at", Value(at)),
        erased_at=at,
        updated_at=at,
        revision=F("revision") + 1,
    )


def when_over(column: str) -> Clock:
    """Of rows with an end, `until`, about the person whose number stands in `column`: from their end, or
    from when nobody is there any more."""

    def over(day: date) -> Q:
        is_there = Q(Exists(Person.objects.order_by().filter(pk=OuterRef(column))))
        return Q(until__lt=Company.current().end_of(day)) | (Q(until=None) & ~is_there)

    return Clock(until=over)


def delete_links(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db))


def _delete_links_of(rows: Rows) -> None:
    people = rows.values("pk")
    links = Guardianship.objects.order_by().filter(Q(child__in=people) | Q(guardian__in=people))
    links._raw_delete(links.db)


PEOPLE = register(
    Holding(
        model=Person,
        category=ACCOUNT,
        fields=(
            "external_id", "given_name", "family_name", "email", "birth_date", "adult_stated_on", "country",
            "region", "language", "last_active_on",
        ),
        subjects=("pk",),
        clocks={
            StartEvent.LAST_ACTIVITY: Clock(
                until=_idle_since, unknown=Q(last_active_on=None, left_at=None)
            ),
            StartEvent.ACCOUNT_CLOSED: Clock(until=_closed_until),
        },
        ways={Then.DELETE: delete_people, Then.ANONYMIZE: empty_people},
        all_rows=Q(erased_at=None),
        # A child's links go with the child; a guardian on hold keeps theirs, and so the child.
        along=(
            Along(model=Guardianship, to="child_id", subject="guardian_id", category=FAMILY),
            Along(model=Guardianship, to="guardian_id", subject="child_id", category=FAMILY),
        ),
    )
)  # fmt: skip
LINKS = register(
    Holding(
        model=Guardianship,
        category=FAMILY,
        fields=("child", "guardian", "relationship", "source"),
        subjects=("child_id", "guardian_id"),
        clocks={StartEvent.LINK_ENDED: Clock(until=_ended_until)},
        ways={Then.DELETE: delete_links},
    )
)
RESTRICTIONS = register(
    Holding(
        model=Restriction,
        category=CASES,
        fields=("ground", "case", "since", "until"),
        subjects=("person_id",),
        clocks={StartEvent.CLOSED: when_over("person_id")},
        ways={Then.DELETE: delete_links},
        survives=WISHES,
    )
)
exclude(
    User,
    "Staff accounts are kept by their employer while the work lasts, and then switched off: the audit "
    "record names its actors by their number.",
)
