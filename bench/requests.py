"""The queue of rights requests, one case and the search for its person, among a million: filled as a house
fills it in years, nearly all of them closed, a few thousand open, each with its tasks."""

from collections.abc import Iterator

from django.db import connection
from django.test import Client

from inventory.models import System
from people.models import Person
from requests.models import RightsRequest

from . import filling, lists
from .figures import Figure

# One in a hundred is a Smith, one of a million is Given7 Family4007.
NAMES = ("Smith", "Given7 Family4007", "family4007", "person7@", "external_id7")
QUEUE = "/admin/requests/rightsrequest/"
OPEN_SHARE = 50  # one in that many is open
TASKS = 5
QUERIES = (
    "", "view=others", "view=late", "view=unverified", "view=open", "view=closed", "whose=mine", "whose=nobody",
    "place=FR", "right__exact=erasure", "view=closed&right__exact=erasure&place=DE", "waits=reading",
    "waits=erasure", "waits=recovery", "waits=task", "waits=today", "waits=week", "q={reference}", "q=u-amina",
    "q=typed7@family.example", "view=open&p=2", "view=open&p={open}", "view=closed&p={closed}",
)  # fmt: skip

CASES = """
INSERT INTO requests_rightsrequest (reference, "right", channel, requester_kind, place, language, received_at,
  stage, outcome, denial, pause_reason, verified_at, closed_at, strict_due_on, legal_due_on, revision)
SELECT upper(substr(md5('a' || n), 1, 5) || '-' || substr(md5('b' || n), 1, 5) || '-' || substr(md5('c' || n), 1, 5)),
  (ARRAY['access','portability','rectification','erasure','opt_out','inquiry'])[1 + n %% 6], 'portal', 'self',
  (ARRAY['FR','DE','ES','GB','US-CA','US-OH','CA-ON','IN'])[1 + n %% 8], 'en', now() - (n %% 1500) * interval '1 day',
  CASE WHEN n %% {open} <> 0 THEN 'closed' WHEN n %% 6 IN (4, 5) OR n / {open} %% 3 = 0 THEN 'review' ELSE 'unverified' END,
  CASE WHEN n %% {open} <> 0 THEN (ARRAY['done','partly','withdrawn'])[1 + n %% 3] ELSE '' END, '', '',
  now() - (n %% 1500) * interval '1 day', CASE WHEN n %% {open} <> 0 THEN now() END,
  CASE WHEN n %% {open} = 0 THEN current_date + (n / {open} %% 60)::int - 3 ELSE current_date - 30 - (n %% 1400)::int END,
  current_date + 30, 0
FROM generate_series(%s, %s) AS n
"""
UNDER_WAY = """
UPDATE requests_rightsrequest SET stage = 'fulfilling', subject_id = 1
WHERE stage = 'unverified' AND verified_at IS NOT NULL AND id / {open} %% 2 = 0
"""
PARTICULARS = """
INSERT INTO requests_particulars (request_id, name, email, about, details, authority)
SELECT id, 'Somebody', 'typed' || id || '@family.example', '', 'Words.', '' FROM requests_rightsrequest
ON CONFLICT DO NOTHING
"""
WORK = """
INSERT INTO requests_task (request_id, system_id, duty, way, stage, due_at, next_try_at, attempts, failure, answer,
  answer_text, revision)
SELECT r.id, s.id, 'gather', 'by_hand', 'asked', now() + (r.id %% 40 - 2) * interval '1 day', now(), 0, '', '', '', 0
FROM requests_rightsrequest r CROSS JOIN (SELECT id FROM inventory_system ORDER BY id LIMIT {tasks}) s
WHERE r.stage = 'fulfilling' ON CONFLICT DO NOTHING
"""
PAST_WORK = """
INSERT INTO requests_task (request_id, system_id, duty, way, stage, due_at, next_try_at, attempts, failure, answer,
  answer_text, answered_at, revision)
SELECT id, 1, 'gather', 'by_hand', 'answered', received_at, received_at, 0, '', 'done', '', closed_at, 0
FROM requests_rightsrequest WHERE stage = 'closed' AND id BETWEEN %s AND %s
"""
PAST_PROOF = """
INSERT INTO requests_identitycheck (request_id, method, verdict, asked_at, decided_at, is_recovery, note, revision)
SELECT id, 'address_on_file', CASE WHEN stage = 'unverified' THEN 'open' ELSE 'passed' END, received_at,
  CASE WHEN stage <> 'unverified' THEN received_at END, false, '', 0
FROM requests_rightsrequest WHERE id BETWEEN %s AND %s
"""


def fill(rows: int) -> None:
    """Bring the cases up to `rows`, with their particulars, the tasks of those under way and those of the past."""
    start = RightsRequest.objects.count() + 1
    with filling.without_triggers(), connection.cursor() as cursor:
        cursor.execute(CASES.format(open=OPEN_SHARE), [start, rows])
        cursor.execute(UNDER_WAY.format(open=OPEN_SHARE), [])
        cursor.execute(PARTICULARS)
        cursor.execute(WORK.format(tasks=TASKS), [])
        cursor.execute(PAST_WORK, [start, rows])
        cursor.execute(PAST_PROOF, [start, rows])
    filling.settle()


def jobs(rows: int) -> Iterator[Figure]:
    filling.empty()
    filling.fill(System, TASKS)
    client, _staff = lists.signed_in()
    # The last pages that there are with a tenth, too.
    last = {"open": max(1, rows // 10 // OPEN_SHARE // 50), "closed": max(1, min(200, rows // 10 // 52))}
    small = _pages(client, rows // 10, last)
    for name, page in _pages(client, rows, last).items():
        yield _figure(name, small[name], page, rows)


def _pages(client: Client, rows: int, last: dict[str, int]) -> dict[str, lists.Page]:
    filling.fill(Person, rows)
    fill(rows)
    reference = RightsRequest.objects.order_by("pk")[rows // 2].reference
    case = RightsRequest.objects.filter(stage="fulfilling").order_by("-pk")[:1].get()
    urls = {query or "queue": f"{QUEUE}?{query.format(reference=reference, **last)}" for query in QUERIES}
    urls |= {"one case": f"{QUEUE}{case.pk}/change/", "morning page": "/admin/"}
    look = f"{QUEUE}{_unmatched().pk}/do/match/"
    found = {
        f"find {name}": lists.opened(client, look, sent={"look": "1", "look_for": name}) for name in NAMES
    }
    return {name: lists.opened(client, url) for name, url in urls.items()} | found


def _unmatched() -> RightsRequest:
    return RightsRequest.objects.filter(stage="unverified", subject=None).order_by("-pk")[:1].get()


def _figure(name: str, small: lists.Page, page: lists.Page, rows: int) -> Figure:
    return Figure(
        job=f"rights requests: `{name}`",
        measured=f"{page.seconds * 1000:.0f} ms ({page.cpu * 1000:.0f} ms of CPU), {page.questions} queries",
        baseline=f"{small.seconds * 1000:.0f} ms at {rows // 10:,}",
        ratio=f"{page.seconds / small.seconds:.1f}×",
        budget=f"≤ {lists.BUDGET * 1000:.0f} ms",
        is_met=page.seconds <= lists.BUDGET,
    )
