"""The queue of rights requests and one case, among a million: filled as a house fills it in years, nearly
all of them closed, a few thousand open, each open one with tasks."""

import time
from collections.abc import Iterator

from django.db import connection
from django.test import Client

from inventory.models import System
from people.models import Person
from requests.models import RightsRequest

from . import filling, lists
from .figures import Figure

OPEN_SHARE = 50  # one in that many is open
TASKS = 5
QUERIES = (
    "", "view=others", "view=late", "view=unverified", "view=open", "view=closed", "whose=mine", "whose=nobody",
    "place=FR", "right__exact=erasure", "view=closed&right__exact=erasure&place=DE", "waits=reading",
    "waits=erasure", "waits=recovery", "waits=task", "waits=today", "waits=week", "q={reference}", "q=u-amina",
    "q=typed7@family.example", "view=open&p=2",
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
WHERE stage = 'unverified' AND verified_at IS NOT NULL AND id %% 2 = 0
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


def fill(rows: int) -> None:
    """Bring the cases up to `rows`, with their particulars and the tasks of those under way."""
    start = RightsRequest.objects.count() + 1
    with filling.without_triggers(), connection.cursor() as cursor:
        cursor.execute(CASES.format(open=OPEN_SHARE), [start, rows])
        cursor.execute(UNDER_WAY, [])
        cursor.execute(PARTICULARS)
        cursor.execute(WORK.format(tasks=TASKS), [])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def jobs(rows: int) -> Iterator[Figure]:
    filling.empty()
    filling.fill(Person, 1)
    filling.fill(System, TASKS)
    fill(rows)
    client, _staff = lists.signed_in()
    reference = RightsRequest.objects.order_by("pk")[rows // 2].reference
    for query in QUERIES:
        yield _page(
            client, f"/admin/requests/rightsrequest/?{query.format(reference=reference)}", query or "queue"
        )
    case = RightsRequest.objects.filter(stage="fulfilling").order_by("-pk").first()
    if case is not None:
        yield _page(client, f"/admin/requests/rightsrequest/{case.pk}/change/", "one case")
    yield _page(client, "/admin/", "morning page")


def _page(client: Client, url: str, name: str) -> Figure:
    client.get(url)
    took = min(_once(client, url) for _ in range(10))
    return Figure(
        job=f"rights requests: `{name}`",
        measured=f"{took * 1000:.0f} ms",
        baseline="",
        ratio="",
        budget=f"≤ {lists.BUDGET * 1000:.0f} ms",
        is_met=took <= lists.BUDGET,
    )


def _once(client: Client, url: str) -> float:
    begun = time.perf_counter()
    response = client.get(url)
    if response.status_code != 200:
        raise RuntimeError(f"{url} answered {response.status_code}")
    return time.perf_counter() - begun
