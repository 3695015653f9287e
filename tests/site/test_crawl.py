"""Every page of the demo, found as a visitor finds them: none breaks, and no link leads nowhere or to a page that says
no (403) to the very role it is shown to."""

from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import pytest
from django.core.management import call_command
from django.http import HttpResponseBase
from django.test import Client
from django.urls import resolve

from people.models import User

pytestmark = pytest.mark.django_db

STARTS = ["/", "/requests/", "/cookies/", "/processors/", "/data/", "/admin/"]
LEFT_OUT = ("/static/", "/admin/logout/", "/account/logout/")
ANSWERS = (200, 301, 302)
STAFF = ["Sam", "Ada", "Noor", "Dov", "Rosa"]


class Links(HTMLParser):
    """Addresses that a page leads to by GET: links, and the pictures and feeds it names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag in ("a", "link") and target:
            address = urlsplit(urldefrag(urljoin(f"http://testserver{self.page}", target)).url)
            if address.scheme == "http" and address.netloc == "testserver":
                self.found.append(f"{address.path}?{address.query}".rstrip("?"))


def crawl(client: Client, *, each: int) -> dict[str, tuple[int, str]]:
    """Address → status, and the page that led there, of all that can be reached; at most `each` of a kind: a kind is
    a view with the names of what stands behind the question mark."""
    seen: dict[str, tuple[int, str]] = {}
    kinds: Counter[tuple[str, ...]] = Counter()
    ahead = deque((start, "") for start in STARTS)
    while ahead:
        path, origin = ahead.popleft()
        if path in seen or path.startswith(LEFT_OUT):
            continue
        kinds[kind(path)] += 1
        if kinds[kind(path)] > each:
            continue
        answer = client.get(path)
        seen[path] = answer.status_code, origin
        ahead.extend((found, path) for found in links(path, answer))
    return seen


def kind(path: str) -> tuple[str, ...]:
    address = urlsplit(path)
    match = resolve(address.path)
    return (match.view_name or match.route, *sorted(name for name, _ in parse_qsl(address.query)))


def links(path: str, answer: HttpResponseBase) -> Iterator[str]:
    if answer.status_code in (301, 302):
        yield urljoin(path, answer["Location"])
    content = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        parser = Links(path)
        parser.feed(content.decode())
        yield from parser.found


def faults(name: str | None, *, each: int) -> dict[str, tuple[int, str]]:
    call_command("demo", stdout=StringIO(), stderr=StringIO())
    client = Client()
    if name:
        client.force_login(User.objects.get(name=name), backend="django.contrib.auth.backends.ModelBackend")
    seen = crawl(client, each=each)
    assert len(seen) > (20 if name is None else 60)
    return {path: found for path, found in seen.items() if found[0] not in ANSWERS}


@pytest.mark.parametrize("name", [None, "Sam", "Ada", "Dov"])
def test_each_kind_of_page_opens(name):
    assert faults(name, each=1) == {}


@pytest.mark.long
@pytest.mark.parametrize("name", [None, *STAFF])
def test_six_pages_of_each_kind_open(name):
    assert faults(name, each=6) == {}
