"""People and guardianships as staff see them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from people import groups
from people.forms import PersonForm
from people.models import Authority, Guardianship, Person

from .factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/people/person/"


@pytest.fixture(autouse=True)
def no_second_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


def desk(group: str = groups.LEAD) -> Client:
    client = Client()
    client.force_login(UserFactory(group=group))
    return client


def page(obj: Person | Guardianship) -> str:
    return reverse(f"admin:people_{obj._meta.model_name}_change", args=[obj.pk])


def press(client: Client, obj: Person | Guardianship, verb: str, **data: Any) -> Any:
    url = reverse(f"admin:people_{obj._meta.model_name}_do", args=[obj.pk, verb])
    return client.post(url, {"opened_revision": obj.revision, "reason": "she wrote to us", **data})


def fields(person: Person, **changed: Any) -> dict[str, Any]:
    return {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birth_date": person.birth_date or "",
        "country": person.country,
        "region": person.region,
        "language": person.language,
        "role": person.role,
        "opened_revision": person.revision,
        **changed,
    }


def test_the_list_shows_references_and_no_names_or_addresses() -> None:
    amina = PersonFactory(amina=True, family_name="Diallo")
    html = desk().get(LIST).content.decode()
    assert amina.external_id in html
    for personal in ("Amina", "Diallo", amina.email):
        assert personal not in html


@pytest.mark.parametrize("model", ["person", "guardianship"])
def test_a_list_takes_as_many_queries_for_fifty_rows_as_for_one(
    model: str, django_assert_max_num_queries: Any
) -> None:
    client = desk()
    GuardianshipFactory()
    client.get(f"/admin/people/{model}/")
    with django_assert_max_num_queries(40) as few:
        client.get(f"/admin/people/{model}/")
    GuardianshipFactory.create_batch(25)
    with django_assert_max_num_queries(len(few)):
        assert client.get(f"/admin/people/{model}/").status_code == 200


def test_a_persons_page_takes_as_many_queries_for_ten_children_as_for_one(
    django_assert_max_num_queries: Any,
) -> None:
    client, carla = desk(), PersonFactory(carla=True)
    GuardianshipFactory(guardian=carla)
    client.get(page(carla))
    with django_assert_max_num_queries(60) as few:
        client.get(page(carla))
    GuardianshipFactory.create_batch(10, guardian=carla)
    with django_assert_max_num_queries(len(few)):
        client.get(page(carla))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=carla-1", 1),
        ("?q=CARLA@family.example", 1),
        ("?q=carla@", 1),
        ("?q=family.example", 0),
        ("?q=Carla", 1),
        ("?role=guardian", 1),
        ("?state=here", 2),
        ("?state=left", 1),
        ("?state=no-address", 1),
        ("?state=refused", 1),
        ("?state=nonsense", 4),
    ],
)
def test_people_are_found_by_id_address_role_and_state(query: str, found: int) -> None:
    PersonFactory(carla=True, external_id="carla-1", email="carla@family.example")
    PersonFactory(no_address=True)
    PersonFactory(undeliverable=True)
    PersonFactory(left=True)
    if query == "?state=here":
        found = 3  # everybody who has not left
    assert desk().get(LIST + query).context["cl"].result_count == found


@pytest.mark.parametrize(
    "probe", ["?email__startswith=a", "?guardians__email__startswith=a", "?birth_date__gte=2010-01-01"]
)
def test_the_address_bar_spells_out_no_hidden_value(probe: str) -> None:
    PersonFactory(email="a@x.org")
    answer = desk(groups.SUPPORT).get(LIST + probe)
    assert answer.status_code in (302, 400)


def test_each_look_at_a_person_is_on_record_without_their_data() -> None:
    carla = PersonFactory(carla=True)
    desk().get(page(carla))
    event = Event.objects.about(carla).get()
    assert (event.verb, event.fields, event.details) == ("people.read", [], {})


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "{{7*7}}", "{% debug %}", "${7*7}", "__CONFIG__", "=cmd|' /C calc'!A0"],
)
def test_a_hostile_name_is_shown_literally(name: str) -> None:
    carla = PersonFactory(carla=True, given_name=name)
    html = desk().get(page(carla)).content.decode()
    assert "<script>alert" not in html
    form = desk().get(page(carla)).context["adminform"].form
    assert form.initial["given_name"] == name


def test_an_edit_stores_the_clean_form_and_names_the_fields_only() -> None:
    carla = PersonFactory(carla=True)
    answer = desk().post(
        page(carla), fields(carla, given_name="  Carla\u200b  Maria ", country="US", region="us-oh")
    )
    assert answer.status_code == 302
    carla.refresh_from_db()
    assert (carla.given_name, carla.place) == ("Carla Maria", "US-OH")
    assert Event.objects.get(verb="people.change").fields == ["country", "given_name", "region"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", "a" * 101),
        ("given_name", "A\x00"),
        ("family_name", "\u202egpj"),
        ("birth_date", "03/04/2015"),
        ("birth_date", "2999-01-01"),
        ("birth_date", "2015-02-31"),
        ("birth_date", "15-04-03"),
        ("country", "ZZ"),
        ("country", "us"),
        ("region", "Ohio"),
        ("role", "emperor"),
        ("language", "tlh"),
    ],
)
def test_a_bad_value_is_named_beside_its_field_and_nothing_is_saved(field: str, value: str) -> None:
    ben = PersonFactory(ben=True)
    answer = desk().post(page(ben), fields(ben, **{field: value}))
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert Person.objects.get().updated_at == ben.updated_at


def test_a_region_without_a_country_is_a_form_error() -> None:
    ben = PersonFactory(ben=True)
    answer = desk().post(page(ben), fields(ben, country=""))
    assert "region" in answer.context["adminform"].form.errors


def test_a_learner_with_the_family_address_cannot_become_an_adult_by_a_click() -> None:
    carla = PersonFactory(carla=True)
    ben = PersonFactory(ben=True, email=carla.email)
    answer = desk().post(page(ben), fields(ben, role="subject"))
    assert "role" in answer.context["adminform"].form.errors


def test_a_new_person_with_a_taken_address_is_a_form_error() -> None:
    carla = PersonFactory(carla=True)
    new = Person(external_id="new", role="subject", language="en")
    answer = desk().post(LIST + "add/", fields(new, external_id="new", email=carla.email.upper()))
    assert answer.status_code == 200
    assert "Another person already has this address" in answer.content.decode()


def test_a_forged_address_or_departure_in_an_edit_is_ignored() -> None:
    carla = PersonFactory(carla=True)
    desk().post(page(carla), fields(carla, email="thief@evil.example", left_at="2026-01-01", external_id="x"))
    assert Person.objects.values_list("email", "left_at", "external_id").get() == (
        carla.email,
        None,
        carla.external_id,
    )


def test_two_colleagues_editing_one_person_do_not_overwrite_each_other() -> None:
    carla = PersonFactory(carla=True)
    opened = fields(carla, given_name="Karla")
    desk().post(page(carla), fields(carla, given_name="Clara"))
    answer = desk().post(page(carla), opened)
    assert answer.status_code in (200, 409)
    assert Person.objects.get().given_name == "Clara"


def test_the_buttons_of_a_person_do_what_they_say() -> None:
    client, amina, carla = desk(), PersonFactory(amina=True), PersonFactory(carla=True)
    assert press(client, carla, "correct-address", email="C@x.org").status_code == 302
    assert (
        press(client, amina, "add-guardian", guardian=carla.external_id, relationship="mother").status_code
        == 302
    )
    amina.refresh_from_db()
    assert press(client, amina, "close").status_code == 302
    amina.refresh_from_db()
    assert press(client, amina, "reopen").status_code == 302
    assert Person.objects.get(pk=carla.pk).email == "c@x.org"
    assert Guardianship.objects.get().relationship == "mother"


@pytest.mark.parametrize("email", ["a@localhost", "a@x.org,b@x.org", "ä@x.org"])
def test_a_bad_new_address_is_a_form_error(email: str) -> None:
    carla = PersonFactory(carla=True)
    answer = press(desk(), carla, "correct-address", email=email)
    assert answer.status_code == 200
    assert Person.objects.get().email == carla.email


def test_a_refusal_is_shown_beside_the_form() -> None:
    carla, other = PersonFactory(carla=True), PersonFactory()
    answer = press(desk(), carla, "correct-address", email=other.email)
    assert answer.status_code == 409
    assert "Another person already has this address" in answer.content.decode()
    assert (
        "nobody"
        in press(desk(), carla, "add-guardian", guardian="x", relationship="other").content.decode().lower()
    )


def test_a_guardianship_is_verified_by_its_button_and_never_by_a_form() -> None:
    link, client = GuardianshipFactory(claimed=True), desk(groups.OFFICER)
    assert client.post(page(link), {"authority": "verified"}).status_code == 403
    assert press(client, link, "verify").status_code == 302
    link.refresh_from_db()
    assert link.authority == Authority.VERIFIED


def test_a_button_that_no_longer_fits_says_so() -> None:
    link, client = GuardianshipFactory(ended=True), desk()
    answer = press(client, link, "verify")
    assert answer.status_code == 409
    assert Guardianship.objects.get().authority == Authority.ENDED


@pytest.mark.parametrize(
    ("group", "verb", "status"),
    [
        (groups.SUPPORT, "correct-address", 302),
        (groups.SUPPORT, "close", 403),
        (groups.AUDITOR, "correct-address", 403),
        (groups.OFFICER, "close", 302),
    ],
)
def test_each_group_presses_its_own_buttons_only(group: str, verb: str, status: int) -> None:
    carla = PersonFactory(carla=True)
    assert press(desk(group), carla, verb, email="c@x.org").status_code == status


def test_support_cannot_verify_export_or_open_colleagues() -> None:
    client, link = desk(groups.SUPPORT), GuardianshipFactory(claimed=True)
    assert press(client, link, "verify").status_code == 403
    assert client.get(LIST + "export/").status_code == 403
    assert client.get("/admin/people/user/").status_code == 403


def test_autocomplete_knows_references_only_and_asks_who_you_are() -> None:
    carla = PersonFactory(carla=True)
    url = "/admin/autocomplete/?app_label=people&model_name=guardianship&field_name=child&term=" + carla.email
    assert desk().get(url).json()["results"] == [{"id": str(carla.pk), "text": f"Person {carla.pk}"}]
    nobody = Client()
    nobody.force_login(UserFactory())
    assert nobody.get(url).status_code == 403


def test_an_export_is_neutral_to_spreadsheets() -> None:
    PersonFactory(given_name="=1+1", left_at=NOW)
    answer = desk().post(LIST + "export/", {"reason": "asked by the authority"})
    assert "'=1+1" in answer.getvalue().decode()


def test_the_family_is_shown_with_links() -> None:
    link = GuardianshipFactory()
    html = desk().get(page(link.child)).content.decode()
    assert page(link) in html
    assert page(link.guardian) in html


def test_a_guardianship_is_found_by_either_id_and_by_both(client: Client) -> None:
    client.force_login(UserFactory(group="support"))
    link, other = GuardianshipFactory(), GuardianshipFactory()
    child, guardian = link.child.external_id, link.guardian.external_id

    def found(words: str) -> set[int]:
        response = client.get("/admin/people/guardianship/", {"q": words})
        return {row.pk for row in response.context["cl"].result_list}

    for words in (child, guardian, f" {guardian} {child}"):
        assert found(words) == {link.pk}
    assert found("") == {link.pk, other.pk}
    assert found("nobody") == found(f"{child} {other.child.external_id}") == set()


def test_an_address_taken_between_the_check_and_the_save_is_a_field_error(monkeypatch: Any) -> None:
    """The form's own look found nothing; the database knew better a moment later."""
    client, carla = desk(), PersonFactory(carla=True)
    monkeypatch.setattr("people.forms.PersonForm._refuse_shared_address", blind_once())
    new = {"external_id": "new", "email": carla.email, "role": "guardian", "language": "en"}
    response = client.post("/admin/people/person/add/", new)
    assert response.status_code == 200
    assert "Another person already has this address" in response.content.decode()


def blind_once() -> Any:
    looks = iter([lambda form, cleaned: None])
    sees = PersonForm._refuse_shared_address
    return lambda form, cleaned: next(looks, sees)(form, cleaned)
