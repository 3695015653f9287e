"""The public form as people walk through it, for tests."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from notices import tasks
from requests.models import RightsRequest
from requests.tasks import seek

NEW = "/requests/new/"
ADULT = {"day": "3", "month": "4", "year": "1987"}
ANSWERS: dict[str, dict[str, Any]] = {
    "need": {"need": ["copy"]},
    "copy": {"copy": "access"},
    "who": {"who": "self"},
    "where": {"country": "FR"},
    "born": ADULT,
    "contact": {"name": "Robin", "email": "robin@family.example"},
    "details": {"details": ""},
}
A_NAME = {"field_1": "family_name", "wanted_1": "Bianchi"}
ORDER = [
    "need", "copy", "limit", "talk", "who", "about", "where", "region", "born", "contact", "corrections", "details",
]  # fmt: skip


def words(response: Any) -> str:
    """What a page says, without its markup."""
    page = re.sub(r"(?s)<(style|head).*?</\1>", " ", response.content.decode())
    text = re.sub(r"<[^>]+>", " ", page)
    for sign, meant in (("&#x27;", "'"), ("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(sign, meant)
    return " ".join(text.split())


def answer(client: Client, slug: str, **data: Any) -> Any:
    return client.post(f"{NEW}{slug}/", data)


def fill_in(client: Client, **changed: dict[str, Any] | None) -> None:
    """Every question answered, with some answers changed; None leaves a question out."""
    answers = {**ANSWERS, **changed}
    if "rectification" in (answers.get("need") or {}).get("need", []):
        answers.setdefault("corrections", A_NAME)
    for slug in ORDER:
        if (data := answers.get(slug)) is not None:
            response = answer(client, slug, **data)
            assert response.status_code == 302, (slug, words(response))


def submission(client: Client) -> str:
    page = client.get(f"{NEW}check/").content.decode()
    return re.findall(r'name="submission" value="([^"]+)"', page)[0]


def send(client: Client, **changed: dict[str, Any] | None) -> Any:
    """The page after **Send request**."""
    fill_in(client, **changed)
    response = client.post(f"{NEW}check/", {"submission": submission(client)})
    assert response.status_code == 302, words(response)
    return client.get(response.headers["Location"])


def references(response: Any) -> list[str]:
    found = re.findall(r'href="/requests/(\w{5}-\w{5}-\w{5})/"', response.content.decode())
    return list(dict.fromkeys(found))


def last_mail() -> tuple[str, str, str]:
    """Address, path of its link, code; after everything due was sent."""
    seek()
    tasks.send_mail()
    message = mail.outbox[-1]
    [path] = re.findall(r"https?://[^/]+(/\S+)", str(message.body))[:1]
    [code] = re.findall(r"(?<!\d)(\d{6})(?!\d)", str(message.body))[:1] or [""]
    return message.to[0], path, code


def opened(client: Client, request: RightsRequest) -> Client:
    """This browser has opened the messages of the case with a code."""
    client.post(f"/requests/{request.reference}/open/", {"send": "1"})
    _to, _path, code = last_mail()
    assert client.post(f"/requests/{request.reference}/open/", {"code": code}).status_code == 302
    return client
