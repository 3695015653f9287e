"""Two people with a browser each: whoever asks, and whoever answers. Everything goes over the pages, as in life;
only the minute's work is rung by hand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import mail
from django.test import Client
from django.urls import reverse

from notices import tasks as mails
from people.models import User
from requests import tasks
from requests.models import RightsRequest
from tests.portal.asking import words
from tests.requests.test_desk import press

LETTER = "Hello, this is what we did."


def minute() -> None:
    """What beat rings."""
    tasks.seek()
    tasks.go_on()
    tasks.pack()
    mails.send_mail()


def mails_to(address: str) -> list[str]:
    minute()
    return [str(message.body) for message in mail.outbox if message.to == [address]]


def link_in(body: str) -> str:
    [path] = re.findall(r"https?://[^/]+(/\S+)", body)[:1]
    return str(path)


def link_to(address: str) -> str:
    return link_in(mails_to(address)[-1])


@dataclass
class Colleague:
    """Somebody at the desk."""

    user: User
    browser: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.browser.force_login(self.user)

    def press(self, case: RightsRequest, *verbs: str, **typed: Any) -> Any:
        """One button after the other, each answered with the page of the case."""
        answer = None
        for verb in verbs:
            answer = self.tries(case, verb, **typed)
            assert answer.status_code == 302, (verb, words(answer)[-1500:])
            minute()
        return answer

    def tries(self, case: RightsRequest, verb: str, **typed: Any) -> Any:
        return press(self.browser, case, verb, **typed)

    def enters(self, **told: Any) -> RightsRequest:
        answer = self.browser.post("/admin/requests/rightsrequest/enter/", told)
        assert answer.status_code == 302, words(answer)[-1500:]
        return RightsRequest.objects.latest("pk")


@dataclass
class Requester:
    """Somebody who reads one mailbox."""

    address: str
    browser: Client = field(default_factory=Client)

    def confirms(self) -> None:
        assert "Confirmed." in words(self.browser.post(link_to(self.address)))

    def opens(self, case: RightsRequest) -> str:
        """What the messages of the case say, after the code in the mail was typed."""
        page = f"/requests/{case.reference}/open/"
        self.browser.post(page, {"send": "1"})
        [code] = re.findall(r"(?<!\d)(\d{6})(?!\d)", mails_to(self.address)[-1])[:1]
        assert self.browser.post(page, {"code": code}).status_code == 302
        return words(self.browser.get(f"/requests/{case.reference}/messages/"))

    def status(self, case: RightsRequest) -> str:
        return words(Client().get(f"/requests/{case.reference}/"))

    def posts(self, case: RightsRequest, door: str, **typed: Any) -> Any:
        return self.browser.post(f"/requests/{case.reference}/{door}/", typed, follow=True)


def owners_answer(addresses: Sequence[str], answer: str = "done") -> None:
    """Owners of systems have no account: each answers on the page behind the link in their mail."""
    for address in addresses:
        page = link_to(address)
        visitor = Client()
        visitor.post(page)
        said = visitor.post(page, {"send": "1", "answer": answer})
        assert said.status_code in (200, 302), words(said)


def desk_page(case: RightsRequest) -> str:
    return reverse("admin:requests_rightsrequest_change", args=[case.pk])
