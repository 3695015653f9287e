"""Evidence leaves by one door: what one person proposed and a second approved (design, truth 2)."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import actions, disposing
from audit.disposals import Broken
from audit.models import Disposal, DisposedRow, Event, Seal, SealedEvent
from audit.verification import verify
from people.models import User
from tests.people.factories import UserFactory
from tests.policies.factories import PolicyVersionFactory

from .conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(deeds, small_batches) -> list[Event]:
    """Seven events in three seals."""
    events = deeds(7)
    actions.seal_all(at=NOON)
    return events


@pytest.fixture
def disposal(dov: User) -> Disposal:
    """Dov proposed, a second person approved: rows of the audit record may go."""
    return approved(Event, dov)


def approved(model, proposer: User, by: User | None = None, at: datetime = NOON) -> Disposal:
    batch = PolicyVersionFactory()  # any row will do: it is a reference
    by = by or UserFactory()
    return disposing.approve(
        model, batch=batch, terms={}, proposed_by=proposer, by=by, at=at, reason="Old enough."
    )


def removed(disposal: Disposal, events: list[Event]) -> None:
    rows = Event.objects.filter(pk__in=[event.pk for event in events])
    disposing.enlist(disposal, rows, at=NOON)._raw_delete("default")


def refused(deed: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            deed()
    except IntegrityError as refusal:
        return "is evidence and cannot be changed" in str(refusal)
    return False


def test_what_is_on_an_approved_list_goes_and_nothing_beside_it(sealed, disposal):
    removed(disposal, sealed[1:3])
    left = set(Event.objects.filter(verb="policies.publish"))
    assert left == {*sealed[:1], *sealed[3:]}
    assert refused(sealed[0].delete)


def test_an_approval_alone_lets_nothing_go(sealed, disposal):
    assert refused(lambda: Event.objects.filter(pk=sealed[0].pk)._raw_delete("default"))


def test_the_approval_of_one_table_lets_nothing_of_another_go(dov):
    version = PolicyVersionFactory(published=True)
    DisposedRow.objects.create(disposal=approved(Event, dov), row=version.pk)
    assert refused(lambda: type(version).objects.filter(pk=version.pk)._raw_delete("default"))


def test_what_is_listed_still_cannot_be_changed(sealed, disposal):
    disposing.enlist(disposal, Event.objects.filter(pk=sealed[0].pk), at=NOON)
    assert refused(lambda: Event.objects.filter(pk=sealed[0].pk).update(reason="another"))


def test_nobody_approves_what_they_proposed(dov):
    with pytest.raises(disposing.SecondPersonNeeded):
        approved(Event, dov, by=dov)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disposal.objects.create(
            batch="x.y 1", table="audit_event", terms={}, proposed_by="1", approved_by="1", approved_at=NOON
        )


@pytest.mark.parametrize("model", [Disposal, DisposedRow, Seal, SealedEvent])
def test_lists_approvals_and_seals_stay_whatever_a_list_says(sealed, dov, model):
    disposal = approved(model, dov)
    removed(approved(Event, dov), sealed[:2])
    row = model.objects.order_by("pk").first()
    DisposedRow.objects.create(disposal=disposal, row=row.pk)
    assert refused(lambda: model.objects.filter(pk=row.pk)._raw_delete("default"))


def test_the_record_is_whole_without_the_events_a_batch_removed(sealed, disposal, capsys):
    removed(disposal, sealed[1:5])
    actions.seal_all(at=NOON)
    found = verify(at=NOON)
    assert (found.disposed, found.events) == (4, 9)
    call_command("verify_audit")
    assert "4 of them removed by approved batches" in capsys.readouterr().out


def test_an_event_deleted_beside_the_batch_is_found(sealed, disposal, without_triggers):
    removed(disposal, sealed[1:3])
    with without_triggers():
        Event.objects.filter(pk=sealed[5].pk)._raw_delete("default")
    with pytest.raises(Broken, match=f"Event {sealed[5].pk} is missing: .* no approved batch took it"):
        verify(at=NOON)


def test_a_row_slipped_onto_an_old_list_is_found(sealed, disposal):
    removed(disposal, sealed[1:3])
    DisposedRow.objects.create(disposal=disposal, row=sealed[5].pk)
    Event.objects.filter(pk=sealed[5].pk)._raw_delete("default")
    with pytest.raises(Broken, match=r"lists 3 rows, but 2 are on record"):
        verify(at=NOON)


def test_a_row_swapped_on_a_list_is_found(sealed, disposal, without_triggers):
    removed(disposal, [sealed[1], sealed[3]])
    with without_triggers():
        DisposedRow.objects.filter(row=sealed[3].pk).update(row=sealed[2].pk)
    with pytest.raises(Broken, match="its list is not the one recorded by event"):
        verify(at=NOON)


def test_an_approval_nobody_gave_is_found(sealed):
    Disposal.objects.create(
        batch="x.y 1", table="audit_event", terms={}, proposed_by="1", approved_by="2", approved_at=NOON
    )
    with pytest.raises(Broken, match="is not what the record says was approved"):
        verify(at=NOON)


def test_an_approval_rewritten_afterwards_is_found(sealed, disposal, without_triggers):
    with without_triggers():
        Disposal.objects.update(terms={"category": "everything"})
    with pytest.raises(Broken, match="is not what the record says was approved"):
        verify(at=NOON)


@pytest.mark.parametrize("of_that_disposal", [True, False])
def test_a_list_without_its_approval_is_found(sealed, disposal, without_triggers, of_that_disposal):
    removed(disposal, sealed[1:3])
    with without_triggers():
        gone = DisposedRow.objects.filter(disposal=disposal) if of_that_disposal else Disposal.objects
        gone.all()._raw_delete("default")
        with pytest.raises(Broken, match=r"lists 0 rows|no approved|does not exist|is not the one recorded"):
            verify(at=NOON)
        if not of_that_disposal:  # for the foreign key at the end of the test
            DisposedRow.objects.all()._raw_delete("default")


def test_sealing_goes_on_above_the_gap(sealed, disposal, deeds):
    removed(disposal, sealed)
    deeds(2)
    actions.seal_all(at=NOON, everywhere=True)
    assert not Event.objects.unsealed().exists()
    assert verify(at=NOON).disposed == 7


def test_removing_takes_the_same_statements_for_many_rows_as_for_few(deeds, disposal):
    events, taken = deeds(400), []  # one batch of an insert on either database
    for some in (events[:2], events[2:]):
        with CaptureQueriesContext(connection) as queries:
            removed(disposal, some)
        taken.append(len(queries))
    assert taken[0] == taken[1]
