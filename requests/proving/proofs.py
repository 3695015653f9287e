"""Identity documents: asked for last, sealed at once, gone with the verdict (EDPB Guidelines 01/2022, 75-79).

That one was here stays on record; nothing of what it showed does. Reading one is a power of its own."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.actors import Acts
from law.models import Company
from requests import events, guards
from requests.keeping import vault
from requests.keeping.files import Upload
from requests.models import Happened, IdentityCheck, IdentityDocument, Method, RightsRequest, Stage, Verdict
from requests.refusals import NotAsked, TooManyDocuments

from . import documents

MOST = 3  # both sides of a card, and one to spare
AT_ONCE = 200


def hand_in(request: RightsRequest, upload: Upload, *, by: Acts, at: datetime) -> IdentityDocument:
    """Keep one document, until the verdict. Slow work happens first, outside the transaction; what is then
    refused is taken out of the vault again.

    Raises NotAsked, TooManyDocuments, documents.DocumentRefused."""
    check = _asked(request)
    taken = documents.take(upload, request)
    try:
        return _keep(check, taken, by, at)
    except BaseException:
        vault.remove(taken.stored.path)
        raise


@transaction.atomic
def _keep(check: IdentityCheck, taken: documents.Taken, by: Acts, at: datetime) -> IdentityDocument:
    request = guards.locked(check.request)
    check = _asked(request)
    document = IdentityDocument.objects.create(
        check_made=check,
        kind=taken.kind,
        name=taken.name,
        path=taken.stored.path,
        size=taken.stored.size,
        received_at=at,
        destroy_after=at + timedelta(days=Company.current().unverified_days),
    )
    events.deed(request, "hand_in", Happened.DOCUMENT_RECEIVED, by=by, at=at)
    return document


def _asked(request: RightsRequest) -> IdentityCheck:
    """Never by routine: only where a colleague has asked for one and waits."""
    check = request.identity_checks.filter(verdict=Verdict.OPEN, method=Method.DOCUMENT).first()
    if check is None:
        raise NotAsked
    if check.documents.filter(destroyed_at=None).count() >= MOST:
        raise TooManyDocuments(f"{MOST} documents are here already. Somebody has to look at them first.")
    return check


def shown_at(check: IdentityCheck, otherwise: datetime) -> datetime:
    """When the requester did their part: how long we took to look is not their time (UK GDPR Art. 12A)."""
    first = check.documents.order_by("received_at").first()
    return first.received_at if first else otherwise


def destroy_judged(request: RightsRequest, *, at: datetime) -> int:
    """What no open question needs any more, in the caller's transaction; the bytes go with its commit."""
    over = IdentityDocument.objects.filter(check_made__request=request, destroyed_at=None)
    return _destroy(over.exclude(check_made__verdict=Verdict.OPEN), at)


def destroy_due(*, at: datetime) -> int:
    """Gone by their day, verdict or not, and with the end of the case."""
    due = Q(destroy_after__lte=at) | Q(check_made__request__stage=Stage.CLOSED)
    due |= ~Q(check_made__verdict=Verdict.OPEN)
    with transaction.atomic():
        return _destroy(IdentityDocument.objects.filter(due, destroyed_at=None), at)


def _destroy(found: QuerySet[IdentityDocument], at: datetime) -> int:
    gone = list(found.select_for_update(of=("self",)).order_by("pk")[:AT_ONCE])
    for document in gone:
        vault.remove(document.path)
        document.path, document.name, document.destroyed_at = "", "", at
        document.save(update_fields=["path", "name", "destroyed_at"])
    return len(gone)
