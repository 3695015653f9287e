from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from audit import outside
from audit.actors import SYSTEM
from law.models import Company
from people.models import Person, User
from policies import actions
from policies.models import Policy, PolicyText, PolicyVersion, Significance, Status
from privacy_site.demo import changes, cookies, processors, registers, requests, retention

TEXTS = Path(__file__).resolve().parents[2] / "demo"
PASSWORD = "the-owl-reads-at-night"  # noqa: S105 (printed at every demo start)
STAFF = [
    ("dov@aloraoraex.example", "Dov", "privacy lead"),
    ("noor@aloraoraex.example", "Noor", "privacy officer"),
    ("sam@aloraoraex.example", "Sam", "support"),
    ("ada@aloraoraex.example", "Ada", "auditor"),
    ("rosa@aloraoraex.example", "Rosa", "privacy lead"),
]
HISTORY = [
    ("privacy", "privacy-2024.md", date(2024, 9, 2), "The first version in plain language."),
    ("privacy", "privacy-policy.md", date(2025, 9, 1), "Who receives data is said in more detail."),
    ("cookies", "cookies-2025.md", date(2025, 9, 1), "A list of its own for cookies."),
]
# Each fills the registers of one part, once, by `load(company, staff, at)`; later ones build on earlier ones.
REGISTERS = (registers, cookies, retention, processors, changes, requests)
SLACK = timedelta(days=14)  # so that the waiting version can be published for a fortnight


class Command(BaseCommand):
    help = "Fill an empty database with the demo company. What is there already is left alone."

    def handle(self, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo. Set DEMO=1 to load the demo company.")
        if not Person.objects.exists() and outside.is_behind():
            outside.set_aside(at=timezone.now())
        company = _company()
        staff = [_staff(*entry) for entry in STAFF]
        if not Person.objects.exists():
            call_command("import_people", str(TEXTS / "people.csv"), apply=True, stdout=self.stderr)
        at = timezone.now()
        if not Policy.objects.exists():
            _history(at)
        if not PolicyVersion.objects.filter(is_history=False).exists():
            _waiting_version(staff, company, at)
        _keep_the_waiting_version_publishable(company)
        for part in REGISTERS:
            part.load(company, staff, at)
        self._print_logins()

    def _print_logins(self) -> None:
        self.stdout.write(f"\nPublic pages   {settings.SITE_URL}/")
        self.stdout.write(f"The desk       {settings.SITE_URL}/admin/\n\n")
        for email, name, group in STAFF:
            self.stdout.write(f"  {name:<5} {group:<16} {email}")
        self.stdout.write(f"\n  Password for all of them: {PASSWORD}\n")
        self.stdout.write("  Dov publishes the waiting version: Policies › Policy versions › Publish…\n")
        self.stdout.write("  Dov or Rosa can approve the erasure that waits: Rights requests\n")
        self.stdout.write(
            "  It promises what some planted faults break: mend them, or Rosa answers for it first.\n"
        )


def _company() -> Company:
    company, _created = Company.objects.get_or_create(
        pk=1,
        defaults={
            "name": "Aloraoraex",
            "service": "Aloraoraex",
            "contact_email": "help@aloraoraex.org",
            "contact_hours": "Monday–Friday 9AM–6PM EST",
            "postal_address": "1 Learning Lane, Dayton, Ohio, USA",
            "large_audience": 1000,
        },
    )
    return company


@transaction.atomic
def _staff(email: str, name: str, group: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, PASSWORD, name=name)
        user.groups.add(Group.objects.get(name=group))
    return user


@transaction.atomic
def _history(at: datetime) -> None:
    policies = {
        "privacy": Policy.objects.create(slug="privacy", title="Privacy policy", is_main=True),
        "cookies": Policy.objects.create(slug="cookies", title="Cookie policy"),
    }
    for slug, file, effective_on, note in HISTORY:
        body = (TEXTS / file).read_text(encoding="utf-8")
        actions.bring_in(policies[slug], body, effective_on=effective_on, note=note, by=SYSTEM, at=at)


@transaction.atomic
def _waiting_version(staff: list[User], company: Company, at: datetime) -> None:
    """Approved by a second person, ready for somebody to press Publish."""
    dov, noor = staff[0], staff[1]
    version = PolicyVersion.objects.create(
        policy=Policy.objects.get(slug="privacy"),
        effective_on=_first_day(company),
        note="Feedback by software on written answers, if you allow it; shorter session logs.",
    )
    for language, title in [("en", "Privacy policy"), ("es", "Política de privacidad")]:
        points = (TEXTS / f"privacy-next.{language}.points.txt").read_text(encoding="utf-8")
        body = (TEXTS / f"privacy-next.{language}.md").read_text(encoding="utf-8")
        PolicyText.objects.create(version=version, language=language, title=title, body=body, summary=points)
    rationale = "A new purpose and a new kind of recipient: people have to be told before it starts."
    actions.decide_significance(
        version, by=noor, at=at, reason=rationale, significance=Significance.SIGNIFICANT
    )
    actions.submit(version, by=noor, at=at)
    actions.approve(version, by=dov, at=at)


def _keep_the_waiting_version_publishable(company: Company) -> None:
    """A demo opened weeks later still has a date that leaves the notice period."""
    earliest = company.today() + timedelta(days=company.notice_days)
    waiting = PolicyVersion.objects.filter(status=Status.APPROVED, effective_on__lt=earliest)
    waiting.update(effective_on=_first_day(company))


def _first_day(company: Company) -> date:
    return company.today() + timedelta(days=company.notice_days) + SLACK
