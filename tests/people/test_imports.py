import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.actors import SYSTEM
from audit.models import Event
from people.import_writing import Writer
from people.imports import COLUMNS, planned
from people.models import Authority, Guardianship, Person, Role

from .factories import NOW, GuardianshipFactory, PersonFactory

HEADER = ",".join(COLUMNS)
AMINA = "amina,Amina,Diallo,,2012-09-01,FR,,fr,learner,carla:verified"
BEN = "ben,Ben,Miller,,2016-05-04,US,OH,en,learner,carla"
CARLA = "carla,Carla,Diallo,carla@family.example,1984-02-01,FR,,fr,guardian,"

Run = Callable[..., tuple[dict[str, Any], list[str]]]


@pytest.fixture
def run(tmp_path: Path, db: None) -> Run:
    """Import rows (or raw bytes) and hand back the counts and the lines of the report."""

    def _run(*rows: str, raw: bytes | None = None, apply: bool = True, header: str = HEADER) -> Any:
        file = tmp_path / "people.csv"
        file.write_bytes(raw if raw is not None else "\n".join([header, *rows, ""]).encode())
        out = io.StringIO()
        call_command(
            "import_people", str(file), *(["--apply"] if apply else []), stdout=out, skip_checks=True
        )
        *report, last = out.getvalue().splitlines()
        return json.loads(last), report

    return _run


def refusal(run: Run, **options: Any) -> str:
    with pytest.raises(CommandError) as refused:
        run(**options)
    assert refused.value.returncode == 2
    assert not Person.objects.exists()
    return str(refused.value)


def row(reference: str, **cells: str) -> str:
    values = dict(zip(COLUMNS, ["", "Robin", "Example", "", "", "FR", "", "fr", "subject", ""], strict=True))
    return ",".join({**values, "external_id": reference, **cells}.values())


def test_a_preview_counts_and_writes_nothing(run: Run) -> None:
    counts, report = run(AMINA, BEN, CARLA, apply=False)
    assert counts == {
        "new": 3, "changed": 0, "unchanged": 0, "rejected": 0,
        "guardianships_new": 2, "guardianships_verified": 0, "notes": 0, "applied": False,
    }  # fmt: skip
    assert report == ["Nothing was written. Add --apply to write it."]
    assert not Person.objects.exists()
    assert not Event.objects.exists()


def test_applying_brings_in_people_and_their_guardians(run: Run) -> None:
    run(AMINA, BEN, CARLA)
    amina = Person.objects.get(external_id="amina")
    assert (amina.given_name, amina.birth_date, amina.place) == ("Amina", date(2012, 9, 1), "FR")
    links = Guardianship.objects.values_list("child__external_id", "guardian__external_id", "authority")
    assert set(links) == {("amina", "carla", "verified"), ("ben", "carla", "claimed")}


def test_applying_the_same_file_twice_writes_no_row(run: Run, django_assert_num_queries: Any) -> None:
    run(AMINA, BEN, CARLA)
    before = list(Person.objects.order_by("pk").values()) + list(Guardianship.objects.order_by("pk").values())
    events = Event.objects.count()
    with django_assert_num_queries(5) as queries:
        counts, _ = run(AMINA, BEN, CARLA)
    assert (counts["new"], counts["changed"], counts["unchanged"]) == (0, 0, 3)
    assert not [q for q in queries.captured_queries if not q["sql"].startswith("SELECT")]
    after = list(Person.objects.order_by("pk").values()) + list(Guardianship.objects.order_by("pk").values())
    assert (after, Event.objects.count()) == (before, events)


def test_only_what_differs_is_changed(run: Run) -> None:
    run(AMINA, BEN, CARLA)
    counts, _ = run(AMINA, BEN.replace("Miller", "Mueller"), CARLA)
    assert (counts["changed"], counts["unchanged"]) == (1, 2)
    ben = Person.objects.get(external_id="ben")
    assert (ben.family_name, ben.revision) == ("Mueller", 1)
    assert Person.objects.get(external_id="amina").revision == 0


def test_one_audit_event_names_the_file_and_the_counts_and_nobody(run: Run) -> None:
    run(AMINA, BEN, CARLA, row("=cmd", email="no address"))
    event = Event.objects.get()
    assert (event.verb, event.details["new"], event.details["rejected"]) == ("people.import_people", 3, 1)
    assert len(event.details["sha256"]) == 64
    assert "carla" not in json.dumps(event.details).lower()


def test_a_bad_row_is_named_by_line_and_reason_and_the_others_come_in(run: Run) -> None:
    counts, report = run(AMINA, row("x", email="secret@localhost", birth_date="03/04/2015"), CARLA)
    assert (counts["new"], counts["rejected"]) == (2, 1)
    (line,) = report
    assert line.startswith("line 3: rejected: email: We can't send to this address")
    assert "birth_date: Ambiguous" in line
    assert "secret" not in line
    assert "03/04" not in line


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"given_name": "a" * 101}, "given_name: A name may have at most 100"),
        ({"given_name": "A\x00b"}, "given_name: This contains a control character"),
        ({"family_name": "\u202eb"}, "family_name: This contains a hidden character"),
        ({"given_name": '"A\nb"'}, "given_name: Write this on one line"),
        ({"given_name": "a" * 20_000}, "given_name: A name may have at most 100"),
        ({"email": "a@x.org b@x.org"}, "email: Write one address only"),
        ({"email": '"""x"" <a@x.org>"'}, "email: Write the address alone"),
        ({"birth_date": "2015-02-31"}, "birth_date: There is no such day"),
        ({"birth_date": "2999-01-01"}, "birth_date: This day lies in the future"),
        ({"country": "ZZ"}, "country: Not a country"),
        ({"country": "US", "region": "ZZ"}, "region: Not a region"),
        ({"country": "", "region": "CA"}, "region: Choose the country first"),
        ({"role": "pupil"}, "role: Write one of subject, learner, guardian, school_contact"),
        ({"guardians": "x"}, "guardians: Nobody is their own guardian"),
        ({"guardians": "a b"}, "guardians: A platform id has no spaces"),
        ({"guardians": ":verified"}, "guardians: The platform id is missing"),
        ({"external_id": ""}, "external_id: The platform id is missing"),
        ({"external_id": "a" * 65}, "external_id: A platform id may have at most 64"),
        ({"guardians": ",more"}, "The row has 11 cells; the header has 10."),
        ({"given_name": '"A"b'}, "The quotes in this row do not match."),
        ({"given_name": "a" * 1_000_000}, "The row is too long"),
    ],
)
def test_each_kind_of_bad_cell_is_one_rejected_row(run: Run, cells: dict[str, str], said: str) -> None:
    counts, report = run(row("x", **cells), row("y"))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert report[0].startswith(f"line 2: rejected: {said}")
    assert Person.objects.get().external_id == "y"


def test_formula_cells_are_kept_as_text(run: Run) -> None:
    names = ["=1+1", '"@SUM(1,1)"', "-1+1", "\t=1+1"]
    counts, _ = run(*(row(f"p{i}", given_name=name) for i, name in enumerate(names)))
    assert counts["new"] == 4
    assert Person.objects.filter(given_name="=1+1").count() == 2


def test_addresses_and_places_are_stored_in_their_clean_form(run: Run) -> None:
    run(row("x", email=" A@BÜCHER.example ", country="us", region="US-CA", language="fr-CA"))
    person = Person.objects.get()
    assert person.email == "a@xn--bcher-kva.example"
    assert (person.country, person.region, person.language) == ("US", "CA", "fr")


def test_a_language_we_do_not_write_in_is_noted_not_rejected(run: Run) -> None:
    counts, report = run(row("x", language="pt-BR"))
    assert (counts["new"], counts["notes"]) == (1, 1)
    assert report == ["line 2: note: language: We don't write in this language yet. en is used."]
    assert Person.objects.get().language == "en"


# --- The file as a whole -----------------------------------------------------------------------

FILE = f"{HEADER}\n{row('x', given_name='Zoë')}\n"


@pytest.mark.parametrize(
    "raw",
    [
        FILE.encode(),
        FILE.encode("utf-8-sig"),
        FILE.encode("utf-16"),
        b"\xfe\xff" + FILE.encode("utf-16-be"),
        FILE.replace("\n", "\r\n").encode(),
        FILE.replace("\n", "\r").encode(),
        FILE.replace(",", ";").encode(),
        FILE.replace(",", "\t").encode(),
        FILE.rstrip("\n").encode(),
        FILE.replace(HEADER, ",".join(f'"{name.upper()}" ' for name in COLUMNS).replace('" ', '"')).encode(),
        f"{HEADER}\n\n\n,,,,,,,,,\n{row('x', given_name='Zoë')}\n\n".encode(),
        ",".join(reversed(COLUMNS)).encode()
        + b"\n"
        + ",".join(reversed(row("x", given_name="Zoë").split(","))).encode(),
    ],
)
def test_a_file_from_any_spreadsheet_program_is_read(run: Run, raw: bytes) -> None:
    counts, _ = run(raw=raw)
    assert (counts["new"], counts["rejected"]) == (1, 0)
    assert Person.objects.get().given_name == "Zoë"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04" + b"\0" * 99, "This is a spreadsheet or zip file."),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, "This is a spreadsheet or zip file."),
        (FILE.encode("cp1252"), "The file is not in UTF-8."),
        (FILE.encode("utf-16-le"), "The file looks like UTF-16 without its mark."),
        (FILE.replace(",guardians", "").encode(), "The column is missing from the header: guardians."),
        (FILE.replace(",region,language", "").encode(), "The columns are missing from the header: region"),
        (FILE.replace("region", "email").encode(), "The column email stands twice in the header."),
        (
            FILE.replace("birth_date", "birthdate").encode(),
            "Column 5 is not one of ours (did you mean birth_",
        ),
        (FILE.replace("guardians", "guardians,shoe").encode(), "Column 11 is not one of ours; ours are"),
        (FILE.split("\n", 1)[1].encode(), "The first line must name the columns"),
        (b"\n" + FILE.encode(), "The first line must name the columns"),
        (b"a" * 1_000_000, "The first line is too long"),
        (b'"' + FILE.encode(), "The first line must name the columns"),
    ],
)
def test_a_wrong_file_is_refused_whole_in_one_sentence(run: Run, raw: bytes, said: str) -> None:
    assert refusal(run, raw=raw).startswith(said)


def test_a_bad_byte_in_the_last_row_keeps_the_whole_file_out(run: Run) -> None:
    rows = "\n".join(row(f"p{i}") for i in range(3000))
    assert "UTF-8" in refusal(run, raw=f"{HEADER}\n{rows}\n".encode() + b"x,Zo\xeb,,,,,,,subject,\n")


def test_a_refused_header_repeats_nobodys_data(run: Run) -> None:
    assert "amina" not in refusal(run, raw=AMINA.encode()).lower()


def test_a_missing_file_is_told_in_one_sentence(db: None) -> None:
    with pytest.raises(CommandError, match=r"The file cannot be read: No such file"):
        call_command("import_people", "/nowhere/people.csv", skip_checks=True)


def test_a_quote_never_closed_costs_one_row(run: Run) -> None:
    counts, report = run(row("x", given_name='"A'), *(row(f"p{i}") for i in range(60)))
    assert (counts["new"], counts["rejected"]) == (60, 1)
    assert report[0].startswith("line 2: rejected: The quotes")


def test_line_numbers_hold_after_broken_and_long_rows(run: Run) -> None:
    long = row("x", given_name='"A\n' + "b" * 100_000)
    _, report = run(long, row("y"), "", row("z", role="pupil"))
    assert [line.split(":")[0] for line in report] == ["line 2", "line 3", "line 6"]


def test_endless_empty_lines_are_skipped(run: Run) -> None:
    counts, _ = run(raw=FILE.encode() + b"\n" * 300_000 + row("y").encode())
    assert counts["new"] == 2


# --- Rows against each other and against our records ---------------------------------------------


def test_the_same_row_twice_is_one_person(run: Run) -> None:
    counts, _ = run(row("x"), row("x"))
    assert (counts["new"], counts["unchanged"], counts["rejected"]) == (1, 1, 0)


def test_a_second_row_with_other_values_is_rejected_naming_the_first(run: Run) -> None:
    counts, report = run(row("x"), row("x", given_name="Other"))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert report == ["line 3: rejected: external_id: line 2 has this person already, with other values."]


def test_one_pupil_with_different_guardians_is_left_for_a_person_to_decide(run: Run) -> None:
    counts, report = run(CARLA, row("dan", role="guardian"), BEN, BEN.replace("carla", "dan"))
    assert (counts["new"], counts["rejected"], counts["guardianships_new"]) == (2, 2, 0)
    assert [line.split(": ", 1)[0] for line in report] == ["line 4", "line 5"]
    assert "line 5 names other guardians" in report[0]


def test_guardians_in_another_order_are_the_same_guardians(run: Run) -> None:
    child = row("x", role="learner", guardians="carla;dan:verified")
    counts, _ = run(
        CARLA, row("dan", role="guardian"), child, child.replace("carla;dan:verified", "dan:verified;carla")
    )
    assert (counts["new"], counts["unchanged"], counts["guardianships_new"]) == (3, 1, 2)


def test_two_adults_in_a_file_cannot_share_an_address(run: Run) -> None:
    counts, report = run(row("x", email="a@x.org"), row("y", email="A@x.org"))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert report == ["line 3: rejected: email: line 2 has another person with this address."]


def test_an_address_of_another_adult_in_our_records_is_rejected_without_naming_them(run: Run) -> None:
    PersonFactory(external_id="known-one", email="a@x.org")
    counts, report = run(row("x", email="a@x.org"), row("y"))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert report == ["line 2: rejected: email: another person in our records has this address."]


def test_a_child_may_use_the_family_address(run: Run) -> None:
    counts, _ = run(CARLA, BEN.replace("Miller,", "Miller,carla@family.example"))
    assert (counts["new"], counts["rejected"]) == (2, 0)


def test_an_address_of_somebody_who_left_is_free(run: Run) -> None:
    PersonFactory(email="a@x.org", left=True)
    assert run(row("x", email="a@x.org"))[0]["new"] == 1


def test_addresses_that_change_hands_do_so_in_one_import(run: Run) -> None:
    run(row("x", email="a@x.org"), row("y", email="b@x.org"))
    swapped = (row("x", email="b@x.org"), row("y", email="a@x.org"), row("z", email="c@x.org"))
    assert run(*swapped)[0]["changed"] == 2
    assert dict(Person.objects.values_list("external_id", "email")) == {
        "x": "b@x.org",
        "y": "a@x.org",
        "z": "c@x.org",
    }
    assert run(*swapped)[0]["unchanged"] == 3


def test_addresses_that_slipped_by_a_line_are_refused_one_after_the_other(run: Run) -> None:
    """The last one's new address is somebody's who gives up nothing, so nobody before may move either."""
    run(*(row(name, email=f"{name}@x.org") for name in "abcdz"))
    counts, report = run(
        row("a", email="b@x.org"), row("b", email="c@x.org"), row("c", email="z@x.org"), row("d")
    )
    assert (counts["changed"], counts["rejected"]) == (1, 3)
    assert [line.partition(":")[0] for line in report] == ["line 2", "line 3", "line 4"]
    assert Person.objects.get(external_id="a").email == "a@x.org"


def test_a_ring_of_addresses_moves_or_stays_as_one(run: Run) -> None:
    run(*(row(name, email=f"{name}@x.org") for name in "abcz"))
    ring = [row("a", email="b@x.org"), row("b", email="c@x.org")]
    assert run(*ring, row("c", email="a@x.org", birth_date="yesterday"))[0]["rejected"] == 3
    assert run(*ring, row("c", email="a@x.org"))[0]["changed"] == 3


def test_an_address_stays_taken_when_its_holders_row_is_rejected(run: Run) -> None:
    run(row("x", email="a@x.org"), row("y", email="b@x.org"), row("w", email="c@x.org"))
    # y takes x's address, x takes w's, but w keeps it: so neither x nor y may move.
    counts, _ = run(row("y", email="a@x.org"), row("x", email="c@x.org"))
    assert (counts["changed"], counts["rejected"]) == (0, 2)


def test_a_changed_address_is_tried_afresh_and_an_unchanged_one_is_not(run: Run) -> None:
    PersonFactory(external_id="x", email="a@x.org", undeliverable=True)
    run(row("x", email="a@x.org"))
    assert Person.objects.get().undeliverable_at is not None
    run(row("x", email="b@x.org"))
    assert Person.objects.get().undeliverable_at is None


def test_somebody_who_left_stays_gone(run: Run) -> None:
    PersonFactory(external_id="x", left=True)
    run(row("x"))
    assert Person.objects.get().left_at == NOW


# --- Guardians -----------------------------------------------------------------------------------


def test_an_unknown_guardian_is_noted_and_the_child_comes_in(run: Run) -> None:
    counts, report = run(BEN)
    assert (counts["new"], counts["rejected"], counts["guardianships_new"]) == (1, 0, 0)
    assert report == ["line 2: note: guardians: guardian 1 is not in our records; the link was left out."]


def test_a_guardian_already_in_our_records_is_found(run: Run) -> None:
    PersonFactory(external_id="carla", guardian=True)
    assert run(BEN)[0]["guardianships_new"] == 1


def test_a_guardian_whose_own_row_was_rejected_is_left_out(run: Run) -> None:
    counts, report = run(BEN, CARLA.replace("FR", "ZZ"))
    assert (counts["new"], counts["rejected"], counts["notes"]) == (1, 1, 1)
    assert not Guardianship.objects.exists()
    assert len(report) == 2


CHILD = CARLA.replace("1984-02-01", "2015-02-01")
LEARNER_OF_ANY_AGE = CARLA.replace("guardian,", "learner,").replace("1984-02-01", "")


@pytest.mark.parametrize("carla", [CHILD, LEARNER_OF_ANY_AGE])
def test_a_guardian_who_is_a_child_rejects_the_row(run: Run, carla: str) -> None:
    counts, report = run(BEN, carla)
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert report == [
        "line 2: rejected: guardians: guardian 1 is under age, or a learner whose age nobody knows."
    ]


def test_a_grown_up_who_learns_here_may_look_after_a_child(run: Run) -> None:
    counts, _report = run(BEN, CARLA.replace("guardian,", "learner,"))
    assert (counts["new"], counts["guardianships_new"]) == (2, 1)


def test_a_guardian_in_our_records_cannot_become_a_child_by_a_file(run: Run) -> None:
    GuardianshipFactory(guardian__external_id="carla")
    counts, report = run(CHILD)
    assert counts["rejected"] == 1
    assert "somebody's guardian in our records" in report[0]
    assert Person.objects.get(external_id="carla").role == Role.GUARDIAN


def test_a_later_file_may_verify_a_claimed_guardian(run: Run) -> None:
    run(BEN, CARLA)
    counts, _ = run(BEN.replace("carla", "carla:verified"), CARLA)
    assert (counts["unchanged"], counts["guardianships_verified"]) == (2, 1)
    link = Guardianship.objects.get()
    assert link.authority == Authority.VERIFIED
    assert link.decided_at is not None
    assert link.revision == 1


@pytest.mark.parametrize("authority", [Authority.VERIFIED, Authority.DISPUTED, Authority.ENDED])
def test_no_file_lowers_revives_or_removes_a_guardianship(run: Run, authority: str) -> None:
    run(BEN, CARLA)
    Guardianship.objects.update(authority=authority)
    for guardians in ("carla", "carla:verified", ""):
        counts, _ = run(BEN.replace(",carla", f",{guardians}"), CARLA)
        assert (counts["guardianships_new"], counts["guardianships_verified"]) == (0, 0)
    assert Guardianship.objects.get().authority == authority


def test_a_disputed_guardian_in_a_file_is_noted(run: Run) -> None:
    run(BEN, CARLA)
    Guardianship.objects.update(authority=Authority.DISPUTED)
    assert "guardian 1 is disputed in our records and stays so" in run(BEN, CARLA)[1][0]


def test_a_platform_id_may_hold_a_colon(run: Run) -> None:
    run(CARLA.replace("carla,C", "urn:x:carla,C"), BEN.replace(",carla", ",urn:x:carla:verified"))
    assert Guardianship.objects.get().authority == Authority.VERIFIED


# --- Between the plan and the writing --------------------------------------------------------------


@pytest.fixture
def meanwhile(tmp_path: Path, db: None) -> Callable[..., SimpleNamespace]:
    """Plan an import, let somebody act, then write it."""

    def _meanwhile(*rows: str, act: Callable[[], object]) -> SimpleNamespace:
        file = io.BytesIO("\n".join([HEADER, *rows]).encode())
        with planned(file) as plan:
            act()
            plan.apply(by=SYSTEM, at=NOW)
            return SimpleNamespace(counts=plan.counts(), remarks=list(plan.remarks()))

    return _meanwhile


def test_a_person_changed_meanwhile_is_not_overwritten(meanwhile: Any) -> None:
    carla, ben = PersonFactory(external_id="carla"), PersonFactory(external_id="ben")
    result = meanwhile(
        row("carla", given_name="File"),
        row("ben", given_name="File"),
        act=lambda: Person.objects.filter(pk=carla.pk).update(given_name="Staff", revision=1),
    )
    assert (result.counts.changed, result.counts.rejected) == (1, 1)
    assert "changed by somebody else" in result.remarks[0][2]
    assert set(Person.objects.values_list("external_id", "given_name")) == {
        ("carla", "Staff"),
        ("ben", "File"),
    }
    assert ben.given_name == "Robin"


def test_a_person_who_appeared_meanwhile_costs_one_row_of_the_window(meanwhile: Any) -> None:
    rows = [row(f"p{n}", email=f"p{n}@x.org") for n in range(5)]
    result = meanwhile(*rows, act=lambda: PersonFactory(external_id="other", email="p3@x.org"))
    assert (result.counts.new, result.counts.rejected) == (4, 1)
    assert result.remarks[0][0] == 5


def test_addresses_that_change_hands_do_so_wholly_or_not_at_all(meanwhile: Any) -> None:
    PersonFactory(external_id="x", email="a@x.org")
    y = PersonFactory(external_id="y", email="b@x.org")
    result = meanwhile(
        row("x", email="b@x.org"),
        row("y", email="a@x.org"),
        act=lambda: Person.objects.filter(pk=y.pk).update(revision=7),
    )
    assert (result.counts.changed, result.counts.rejected) == (0, 2)
    assert dict(Person.objects.values_list("external_id", "email")) == {"x": "a@x.org", "y": "b@x.org"}


def test_a_guardian_disputed_meanwhile_is_not_verified_by_the_file(run: Run, meanwhile: Any) -> None:
    run(BEN, CARLA)
    meanwhile(
        BEN.replace("carla", "carla:verified"),
        CARLA,
        act=lambda: Guardianship.objects.update(authority=Authority.DISPUTED),
    )
    assert Guardianship.objects.get().authority == Authority.DISPUTED


def test_an_import_broken_off_is_finished_by_running_it_again(run: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr("people.staging.WINDOW", 2)
    rows = [row(f"p{n}") for n in range(5)]
    save = Writer._save
    calls = iter(range(99))

    def dies_in_the_second_window(self: Writer, window: Any) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        save(self, window)

    with monkeypatch.context() as broken:
        broken.setattr(Writer, "_save", dies_in_the_second_window)
        with pytest.raises(KeyboardInterrupt):
            run(*rows)
    assert Person.objects.count() == 2
    counts, _ = run(*rows)
    assert (counts["new"], counts["unchanged"], Person.objects.count()) == (3, 2, 5)


def test_no_trace_of_the_file_stays_on_disk(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run(AMINA)
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]
