"""Each filter of a long list is answered from an index, in the order of the list, on the database
that a long list is for."""

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import RequestFactory

from audit.models import Event
from inventory.models import CookieGroup, CutoffOrder, LegalHold
from notices.models import Notice
from people.models import Guardianship, Person
from requests.models import RightsRequest
from tests.people.factories import UserFactory
from tests.plans import forget_the_statistics

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

FILTERS: list[tuple[type[models.Model], str, str]] = [
    (Event, "actor_kind__exact=staff", "audit_event_actor"),
    (Notice, "status__exact=parked", "notices_notice_apart"),
    (Notice, "status__exact=bounced", "notices_notice_apart"),
    (Notice, "is_possible_duplicate__exact=1", "notices_notice_doubtful"),
    (Person, "state=left", "people_person_gone"),
    (Person, "state=no-address", "people_person_no_address"),
    (Person, "state=refused", "people_person_refused"),
    (Guardianship, "authority__exact=disputed", "people_guardianship_list"),
    (CutoffOrder, "status__exact=answered", "inventory_order_status"),
    (CutoffOrder, "answer__exact=done", "inventory_order_answer"),
    (CutoffOrder, "then__exact=archive", "inventory_order_then"),
    (LegalHold, "status__exact=released", "inventory_hold_status"),
    (LegalHold, "scope__exact=role", "inventory_hold_scope"),
    (CookieGroup, "", "inventory_group_list"),
    (RightsRequest, "", "requests_queue"),
    (RightsRequest, "view=open", "requests_queue"),
    (RightsRequest, "waits=erasure", "requests_erasure_to_approve"),
    (RightsRequest, "waits=recovery", "requests_identity_recovery"),
]


@pytest.mark.parametrize(("model", "query", "index"), FILTERS)
def test_a_filter_is_answered_from_its_index(model, query, index):
    request = RequestFactory().get(f"/?{query}")
    request.user = UserFactory(is_superuser=True, is_staff=True)
    rows = admin.site._registry[model].get_changelist_instance(request).queryset
    with connection.cursor() as cursor:
        forget_the_statistics(cursor, model)
        # So few rows are read whole, and sorted, unless that is made dear.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert index in rows[:50].explain()
