"""Registers, law rows, people and powers: what somebody has to look at."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from audit.models import Event, LargeExport
from audit.naming import actor_name
from audit.sealing import settled_event
from audit.verification import PATIENCE
from inventory import health
from law.models import (
    Adequacy,
    AgeOfConsent,
    ChecklistItem,
    RefusalGround,
    Regime,
    StateLaw,
    TransferMechanism,
)
from people.models import AccessGrant, Authority, Guardianship
from processors import affected

from .lines import Line, Lines, Morning, listed, of

LAW_ROWS: tuple[Any, ...] = (
    AgeOfConsent, Adequacy, TransferMechanism, ChecklistItem, Regime, StateLaw, RefusalGround,
)  # fmt: skip


def machinery(morning: Morning) -> Lines:
    oldest = Event.objects.unsealed(after=settled_event(morning.at)).first()
    if oldest and oldest.at < morning.at - PATIENCE:
        yield Line("Audit events wait to be sealed: is the beat process running?", listed("audit_event"))


def faults(morning: Morning) -> Lines:
    if count := health.count(morning.today):
        url = reverse("admin:inventory_processingactivity_health")
        yield Line(f"{of(count, 'fault')} in the registers: what we hold, where and with whom", url, count)


def decisions_ending(morning: Morning) -> Lines:
    """Adequacy decisions that end soon and that some transfer rests on."""
    for decision in affected.ending(morning.today):
        count = affected.relying_on(decision, morning.today).values("processor").distinct().count()
        yield Line(
            f"{of(count, 'processor')} will have no basis: {decision.instrument} "
            f"ends on {decision.in_force_until:%-d %B %Y}",
            reverse("admin:processors_transfer_decision", args=[decision.pk]),
            count,
        )


def law_to_approve(morning: Morning) -> Lines:
    rows = {model: model.objects.filter(is_on=True, approved_at=None) for model in LAW_ROWS}
    return _law(morning, rows, "not yet approved by a named person", "is_on__exact=1")


def law_to_check(morning: Morning) -> Lines:
    """Laws change without telling us: every row in use is compared with its source again and again."""
    since = morning.company.law_checked_since()
    rows = {model: model.objects.to_check(since) for model in LAW_ROWS}
    return _law(morning, rows, "to be compared with the source again", "check=due")


def _law(morning: Morning, rows: dict[Any, Any], words: str, query: str) -> Lines:
    counts = morning.totals({model.__name__: found for model, found in rows.items()})
    for model in rows:
        if count := counts[model.__name__]:
            yield Line(
                f"{of(count, 'law row')} in use, {words}: {model._meta.verbose_name_plural}",
                listed(f"law_{model._meta.model_name}", query),
                count,
            )


def claims(morning: Morning) -> Lines:
    if count := Guardianship.objects.filter(authority=Authority.CLAIMED).count():
        url = listed("people_guardianship", f"authority__exact={Authority.CLAIMED}")
        yield Line(f"{of(count, 'guardianship')} claimed and not yet verified", url, count)


def powers_to_approve(morning: Morning) -> Lines:
    for grant in AccessGrant.objects.filter(status="requested").select_related("user", "group"):
        yield Line(
            f"Access as {grant.power} for {grant.user.get_short_name()} waits for approval",
            reverse("admin:people_accessgrant_change", args=[grant.pk]),
        )


def exports_to_approve(morning: Morning) -> Lines:
    """Never one's own: it waits for somebody else."""
    waiting = LargeExport.objects.waiting().exclude(requested_by=morning.reader.as_actor().ref)
    for export in waiting:
        yield Line(
            f"{actor_name(export.requester)} asks to export {export.rows_of}",
            reverse("admin:audit_largeexport_change", args=[export.pk]),
        )


def exports_to_fetch(morning: Morning) -> Lines:
    for export in LargeExport.objects.ready(by=morning.reader, at=morning.at):
        url = reverse(f"admin:{export.model.replace('.', '_')}_export")
        until = timezone.localtime(export.fetch_until)
        yield Line(
            f"Your export of {export.rows_of} is approved: fetch it until {until:%-d %B, %H:%M}",
            f"{url}?{export.query}",
        )
