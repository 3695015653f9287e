from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from audit.refusals import Refused
from audit.text import clean_line
from law.models import Company
from policies import actions
from policies.markdown import check_limits, clean_markdown, strip_front_matter
from policies.models import Policy, PolicyText, PolicyVersion
from policies.texts import fingerprint


class Command(BaseCommand):
    help = (
        "Bring an earlier version of a policy in from a Markdown file, as it stood. Nobody is told. "
        "A text that is there already is recognized by its fingerprint and left alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("policy", help="The policy's short name, such as privacy.")
        parser.add_argument("file", type=Path, help="A Markdown file in UTF-8.")
        parser.add_argument("--effective-on", required=True, help="The first day it bound us: 2025-08-29.")
        parser.add_argument("--note", default="", help="One line for the list of versions.")

    def handle(self, *, policy: str, file: Path, effective_on: str, note: str, **_options: Any) -> None:
        day, body, line = _past_day(effective_on), _text(file), _note(note)
        document = _policy(policy)
        if known := _version_with(document, body):
            self.stdout.write(f"Already here: {known.policy.slug} of {known.effective_on}. Nothing changed.")
            return
        try:
            version = actions.bring_in(
                document, body, effective_on=day, note=line, by=SYSTEM, at=timezone.now()
            )
        except Refused as refusal:
            raise CommandError(f"Nothing was saved. {refusal}") from refusal
        text = version.texts.get()
        self.stdout.write(f"Brought in {document.slug} of {day}: {text.sha256}")


def _policy(slug: str) -> Policy:
    try:
        return Policy.objects.get(slug=slug)
    except Policy.DoesNotExist:
        names = ", ".join(Policy.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no policy called {slug}. There are: {names}.") from None


def _past_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is not a date like 2025-08-29.") from None
    if day > Company.current().today():
        raise CommandError(f"{day} is to come. Write a draft in the admin, so that people are told of it.")
    return day


def _text(file: Path) -> str:
    try:
        body = clean_markdown(strip_front_matter(file.read_bytes().decode("utf-8-sig")))
        check_limits(body)
        return body
    except FileNotFoundError:
        raise CommandError(f"There is no file {file}.") from None
    except IsADirectoryError:
        raise CommandError(f"{file} is a folder.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8 text. Save it as UTF-8 and try again.") from None
    except ValidationError as error:
        raise CommandError(f"Nothing was saved. {' '.join(error.messages)}") from None


def _note(text: str) -> str:
    try:
        return clean_line(text)[:300]
    except ValidationError as error:
        raise CommandError(f"The note: {' '.join(error.messages)}") from None


def _version_with(policy: Policy, body: str) -> PolicyVersion | None:
    same = PolicyText.objects.filter(
        version__policy=policy, sha256=fingerprint(body), version__status="published"
    )
    text = same.select_related("version__policy").first()
    return text.version if text else None
