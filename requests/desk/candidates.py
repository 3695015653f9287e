"""Who on file may be meant in a case: found by name, address or platform id, what fits the case first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from people.models import Authority, Guardianship, Person
from requests.models import Particulars, RightsRequest

MOST = 20


@dataclass(frozen=True)
class Candidate:
    """`fits` says in words what speaks for this person."""

    person: Person
    guardians: list[str]
    fits: list[str]

    @property
    def name(self) -> str:
        return full_name(self.person)


@dataclass(frozen=True)
class Look:
    """What was looked for, and who was found. Empty `term`: those who fit what was typed."""

    term: str
    candidates: list[Candidate]
    is_more: bool = False


def full_name(person: Person) -> str:
    return f"{person.given_name} {person.family_name}".strip()


def look(case: RightsRequest, term: str, typed: Particulars | None) -> Look:
    """`typed` are the particulars, for somebody who may read them. At most twenty, the best fitting first."""
    people = _found(case, term) if term else _proposed(case, typed)
    wards = _wards(case)
    found = [
        Candidate(person, names, _fits(person, case, typed, wards))
        for person, names in _with_guardians(people[:MOST])
    ]
    found.sort(key=lambda candidate: -len(candidate.fits))
    return Look(term, found, is_more=len(people) > MOST)


def by_platform_id(term: str) -> Look:
    """For somebody who may not look at people: whom they can name already, and nothing about them."""
    known = Person.objects.filter(external_id=term, erased_at=None) if term else Person.objects.none()
    return Look(term, [Candidate(Person(pk=p.pk, external_id=p.external_id), [], []) for p in known])


def _found(case: RightsRequest, term: str) -> list[Person]:
    """A name that thousands bear must not hide the one who lives where the case says: they are asked first."""
    rows = _matching(term)
    here = rows.filter(country=case.place[:2])[:MOST] if case.place else ()
    return _each_once([*here, *rows[: MOST + 1]])


def _matching(term: str) -> QuerySet[Person]:
    # In no order: the database need not fetch thousands to hand out twenty.
    people = Person.objects.filter(erased_at=None).order_by()
    if "@" in term:
        return people.filter(email__startswith=term.lower())
    known = people.filter(external_id=term)
    return known if known.exists() else people.named(term)


def _proposed(case: RightsRequest, typed: Particulars | None) -> list[Person]:
    people = Person.objects.filter(erased_at=None).order_by()
    known = list(people.filter(pk__in=[case.subject_id, case.requester_id]))
    wards = list(people.filter(pk__in=_wards(case))[:MOST])
    if typed is None:
        return _each_once([*known, *wards])
    at_address = list(people.filter(email=typed.email.lower())[:MOST]) if typed.email else []
    named = [person for name in (typed.name, typed.about) if name for person in _found(case, name)]
    return _each_once([*known, *wards, *at_address, *named])


def _each_once(people: Iterable[Person]) -> list[Person]:
    return list({person.pk: person for person in people}.values())


def _wards(case: RightsRequest) -> set[int]:
    """Verified children of who asks."""
    if case.requester_id is None:
        return set()
    links = Guardianship.objects.verified().filter(guardian=case.requester_id, child__erased_at=None)
    return set(links.order_by().values_list("child_id", flat=True))


def _with_guardians(people: Sequence[Person]) -> list[tuple[Person, list[str]]]:
    names: dict[int, list[str]] = {person.pk: [] for person in people}
    links = Guardianship.objects.filter(child__in=names).exclude(authority=Authority.ENDED)
    for link in links.select_related("guardian").order_by("pk"):
        names[link.child_id].append(full_name(link.guardian) or link.guardian.external_id)
    return [(person, names[person.pk]) for person in people]


def _fits(person: Person, case: RightsRequest, typed: Particulars | None, wards: set[int]) -> list[str]:
    spoken = {name.casefold() for name in (typed.name, typed.about)} if typed else set()
    said = {
        "the address they typed": typed is not None
        and person.email != ""
        and person.email == typed.email.lower(),
        "the name they typed": full_name(person).casefold() in spoken - {""},
        "verified child of who asks": person.pk in wards,
        "the country of the case": case.place != "" and person.country == case.place[:2],
    }
    return [words for words, is_so in said.items() if is_so]
