"""What is inside a copy: an index, and each part as it goes out. Put into the zip while it is fetched,
from what lies sealed, so that nothing leaves the house that nobody looked through."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import translation

from law.models import Company

from . import gathering, letters, vault, withheld
from .models import CopyPart, Decision, Duty, Package, Right, RightsRequest, Task
from .zipping import Entry

OURS = "this service"
Facts = dict[str, Any]


def parts(request: RightsRequest) -> list[CopyPart]:
    return list(request.copy_parts.with_places())


def entries(request: RightsRequest, package: Package) -> Iterator[Entry]:
    """The files of the zip, the index first."""
    with translation.override(request.language):
        facts = index(request, package)
        yield Entry("index.html", [render_to_string("requests/copy.html", _spread(facts)).encode()])
    yield Entry("index.json", [_as_json(facts)])
    for place, part in _numbered(parts(request)):
        yield from _files(part, place, facts["language"], pages=_has_pages(request))


def whole(part: CopyPart, *, as_page: bool = False) -> Iterator[bytes]:
    """The original, for whoever looks it through. Raises what `vault.open_sealed` raises."""
    pieces = vault.open_sealed(part.request, part.original)
    return gathering.as_page(gathering.rows_in(pieces), part.title, "en") if as_page else pieces


def sealed_paths(request: RightsRequest) -> list[str]:
    """What has to lie in the vault for the copy to be fetched."""
    going = (part for part in parts(request) if part.decision != Decision.LEFT_OUT)
    return [part.redacted_path or part.original for part in going]


def _has_pages(request: RightsRequest) -> bool:
    """What is carried over is for programs; a page to read would not be (GDPR Art. 20(1))."""
    return request.right != Right.PORTABILITY


def _numbered(found: list[CopyPart]) -> Iterator[tuple[str, CopyPart]]:
    """Each part with the place of its own in the zip."""
    numbers = count(1)
    for part in found:
        yield f"this-service/{_slug(part)}" if part.is_ours else f"from-{next(numbers):03d}", part


def _slug(part: CopyPart) -> str:
    return part.holding.replace(".", "-")


def _files(part: CopyPart, place: str, language: str, *, pages: bool) -> Iterator[Entry]:
    request = part.request
    if part.decision == Decision.LEFT_OUT:
        return
    if part.decision == Decision.REPLACED:
        yield Entry(f"{place}/{safe(part.redacted_name)}", vault.open_sealed(request, part.redacted_path))
    elif part.file:
        yield Entry(f"{place}/{safe(part.file.name)}", vault.open_sealed(request, part.original))
    else:
        yield Entry(f"{place}.json", vault.open_sealed(request, part.path))
        if pages:
            rows = gathering.rows_in(vault.open_sealed(request, part.path))
            yield Entry(f"{place}.html", gathering.as_page(rows, part.title, language))


def safe(name: str) -> str:
    """A name that is a name on every system: no path, no sign that means something to one."""
    kept = (sign if sign.isascii() and (sign.isalnum() or sign in ".-_") else "-" for sign in name)
    return "".join(kept).lstrip(".-") or "file"


# --- The index ---------------------------------------------------------------------------------


def index(request: RightsRequest, package: Package) -> Facts:
    """What is inside, where we looked, and all that the law wants told, in the language that is on."""
    company = Company.current()
    pages = _has_pages(request)
    return {
        "company": company.name,
        "contact": company.contact_email,
        "language": request.language,
        "made_on": company.day_of(package.built_at) if package.built_at else None,
        "is_carried_over": not pages,
        "contents": [_content(part, place, pages=pages) for place, part in _numbered(parts(request))],
        "places": [_place(task) for task in _asked(request)],
        **package.told,
    }


def _content(part: CopyPart, place: str, *, pages: bool) -> Facts:
    line = withheld.line_of(part) if part.decision else None
    return {
        "from": part.whence,
        "what": withheld.what_of(part) if part.decision else part.what,
        "file": _main_file(part, place, pages=pages),
        "entries": None if part.decision else part.rows,
        "withheld": line.how if line else "",
        "why": line.why if line else "",
    }


def _main_file(part: CopyPart, place: str, *, pages: bool) -> str:
    if part.decision == Decision.LEFT_OUT:
        return ""
    if part.decision == Decision.REPLACED:
        return f"{place}/{safe(part.redacted_name)}"
    if part.file:
        return f"{place}/{safe(part.file.name)}"
    return f"{place}.{'html' if pages else 'json'}"


def _asked(request: RightsRequest) -> Iterator[Task]:
    rows = Task.objects.filter(request=request, duty=Duty.GATHER)
    yield from rows.select_related("system", "processor")


def _place(task: Task) -> Facts:
    return {"name": str(task.whose), "answer": task.answer, "words": task.answer_text}


def _spread(facts: Facts) -> Facts:
    """As the page says it: the day in words, and no name that a template cannot read."""
    contents = [{**row, "source": row["from"]} for row in facts["contents"]]
    return {**facts, "contents": contents, "made": letters.say_day(facts["made_on"], facts["language"])}


def _as_json(facts: Facts) -> bytes:
    return json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()


def contents(request: RightsRequest) -> list[Facts]:
    """What went out, for the row that stays as proof: people name files after people, so files have none."""
    return [
        {
            "source": part.whence or OURS,
            "what": part.title if part.is_ours else "a file",
            "rows": part.rows,
            "decision": part.decision,
            "why": part.why,
        }
        for part in parts(request)
    ]
