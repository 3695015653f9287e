"""What this room holds about people, and how it goes when its time is over."""

from datetime import date, datetime

from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from audit.personal import Along, Clock, Column, Holding, Rows, StartEvent, Then, exclude, one_of, register
from law.models import Company

from .models import Authority, Guardianship, Person, Restriction, User
from .regions import names_of

ACCOUNT, FAMILY = "account-details", "family-links"
CASES = "rights-requests"  # what came of a request is kept as long as the request (requests.personal)
WISHES = _("It shows what a person asked us not to do, and since when.")


def language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


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
        title=_("Account details"),
        about=_("The account as our platform told us of it, and when it was last used."),
        columns={
            "external_id": Column(heading=_("Number on our platform")),
            "given_name": Column(heading=_("First name")),
            "family_name": Column(heading=_("Family name")),
            "email": Column(heading=_("Email address")),
            "birth_date": Column(heading=_("Date of birth")),
            "adult_stated_on": Column(heading=_("Said to be of age on")),
            "country": Column(heading=_("Country"), say=lambda code: str(countries.name(code) or code)),
            "region": Column(heading=_("State or region"), say=one_of(**dict(names_of("US") + names_of("CA")))),
            "language": Column(heading=_("Language"), say=language_name),
            "role": Column(
                heading=_("Kind of account"),
                say=one_of(
                    subject=_("no account"),
                    learner=_("learner"),
                    guardian=_("guardian"),
                    school_contact=_("school contact"),
                ),
            ),
            "created_at": Column(heading=_("On file since")),
            "last_active_on": Column(heading=_("Last used on")),
        },
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
        title=_("Who looks after whom"),
        about=_("Links between a child and the people who look after them. Other people stay unnamed."),
        columns={
            "child": Column(heading=_("Child")),
            "guardian": Column(heading=_("Guardian")),
            "relationship": Column(
                heading=_("Relationship"),
                say=one_of(
                    mother=_("mother"),
                    father=_("father"),
                    guardian=_("legal guardian"),
                    other=_("other"),
                    unknown=_("not stated"),
                ),
            ),
            "authority": Column(
                heading=_("May decide"),
                say=one_of(
                    claimed=_("not checked yet"),
                    verified=_("yes, we checked it"),
                    disputed=_("in doubt"),
                    ended=_("no longer"),
                ),
            ),
            "decided_at": Column(heading=_("Since")),
            "source": Column(
                heading=_("How we know"),
                say=one_of(
                    **{"import": _("from a list we took over")},
                    platform=_("from our platform"),
                    school=_("from the school"),
                    staff=_("from our staff"),
                ),
            ),
        },
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
        title=_("Data kept and not used"),
        about=_("When data was to be kept without being used, and why."),
        columns={
            "ground": Column(
                heading=_("Why"),
                say=one_of(
                    accuracy=_("said to be wrong, and we checked"),
                    unlawful=_("we should not have had it, and it was to be kept"),
                    claims=_("needed for a legal claim"),
                    objection=_("an objection, which we weighed"),
                ),
            ),
            "case": Column(heading=_("Request")),
            "since": Column(heading=_("Since")),
            "until": Column(heading=_("Until")),
        },
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
