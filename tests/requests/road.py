"""The roads a case takes, by its real actions."""

from typing import Any

from django.utils import timezone

from notices.models import Mail
from people.models import Person, User
from requests import actions
from requests.arriving import seeking
from requests.changing import correcting, limiting
from requests.copies import packages, reviewing
from requests.events import SOMEBODY
from requests.models import LetterKind, Right, RightsRequest, Stage
from tests.people.factories import NOW

LETTER = "Hello, here is what we did."


def ask(*rights: Right, by: Any = SOMEBODY, at: Any = NOW, **asked: Any) -> list[RightsRequest]:
    """What somebody typed into the public form, unless `by` says who they are."""
    asked.setdefault("place", "FR")
    cases = actions.receive(actions.Asked(rights=rights or (Right.ACCESS,), **asked), by=by, at=at)
    seeking.seek_due(at=at)
    return [RightsRequest.objects.get(pk=case.pk) for case in cases]


def link_in(request: RightsRequest) -> Mail:
    """The newest confirmation mail about this case, as if it had just been sent."""
    mail = Mail.objects.about(request).filter(event="requests.confirm").order_by("-pk").first()
    assert mail is not None, "no link was promised"
    Mail.objects.filter(pk=mail.pk).update(expires_at=timezone.now().replace(year=2099))
    mail.refresh_from_db()
    return mail


def confirm(request: RightsRequest, at: Any = NOW) -> RightsRequest:
    actions.confirm_link(link_in(request), at=at)
    request.refresh_from_db()
    return request


def bring_to(request: RightsRequest, stage: Stage, *, by: User, at: Any = NOW) -> RightsRequest:
    """From review onwards, with nobody to ask."""
    if stage != Stage.REVIEW:
        decide(request, by=by, at=at)
        actions.accept(request, by=by, at=at)
    if stage in (Stage.RELEASE, Stage.CLOSED) and request.stage == Stage.FULFILLING:
        actions.put_forward(request, by=by, at=at)
        packages.build_due(at=at)  # what the worker does
        look_through(request, by=by, at=at)
    if stage == Stage.CLOSED:
        actions.release(request, by=by, at=at, letter=LETTER, kind=LetterKind.ANSWER)
    return request


def look_through(request: RightsRequest, *, by: User, at: Any = NOW) -> None:
    """All of the copy, if there is one."""
    if request.copy_parts.unseen().exists():
        reviewing.look_through(request, parts=list(request.copy_parts.all()), by=by, at=at)
    request.refresh_from_db()


def decide(request: RightsRequest, *, by: User, at: Any = NOW) -> None:
    """What a colleague says before work can begin."""
    if request.right == Right.RESTRICTION:
        limiting.decide_ground(request, ground="accuracy", by=by, at=at)
    elif request.right == Right.RECTIFICATION:
        if not request.corrections.exists():
            correcting.add(request, field="family_name", what="", wanted="Bianchi", by=by, at=at)
        points = request.corrections.undecided()
        decisions = {point.pk: correcting.Decision("accepted", point.wanted) for point in points}
        correcting.decide(request, decisions=decisions, by=by, at=at)


def kinds(request: RightsRequest) -> list[str]:
    return list(request.events.order_by("pk").values_list("kind", flat=True))


def addresses(request: RightsRequest) -> list[str]:
    """Where mails about this case go."""
    return list(Mail.objects.about(request).order_by("pk").values_list("address", flat=True))


__all__ = ["LETTER", "Person", "addresses", "ask", "bring_to", "confirm", "kinds", "link_in", "look_through"]
