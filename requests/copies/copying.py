"""What is inside a copy: an index, and each part as it goes out. Put into the zip while it is fetched,
from what lies sealed, so that nothing leaves the house that nobody looked through."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Sum
from django.template.loader import render_to_string
from django.utils import translation

from law.models import Company
from requests.keeping import vault
from requests.models import CopyPart, Decision, Duty, Package, Right, RightsRequest, Task
from requests.saying import letters

from . import cutting, gathering, reading, withheld
from .zipping import Entry

OURS = "this service"
FORMAT = 2  # of the JSON inside (docs/reference/format-of-a-copy.md)
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
        yield from _files(part, place, facts, pages=_has_pages(request))


def whole(part: CopyPart) -> Iterator[bytes]:
    """The original, for whoever looks it through. Raises what `vault.open_sealed` raises."""
    return vault.open_sealed(part.request, part.original)


def as_gathered(part: CopyPart) -> Iterator[bytes]:
    """The original of rows of ours as one page, in the desk's language."""
    whole_of_it = _paper(part, cutting.Cuts(), {"language": "en", "person": "", "made_on": None})
    return reading.page(replace(whole_of_it, rows=part.rows or 0, left=[], home=""), rows(part))


def rows(part: CopyPart, *, after: int = 0) -> Iterator[gathering.Row]:
    """Rows of ours as they were sealed, from the one behind that place on."""
    return gathering.rows_in(vault.open_sealed(part.request, part.path), after=after)


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


def _files(part: CopyPart, place: str, facts: Facts, *, pages: bool) -> Iterator[Entry]:
    request = part.request
    if part.decision == Decision.LEFT_OUT:
        return
    if part.decision == Decision.REPLACED:
        yield Entry(f"{place}/{safe(part.redacted_name)}", vault.open_sealed(request, part.redacted_path))
    elif part.file:
        yield Entry(f"{place}/{safe(part.file.name)}", vault.open_sealed(request, part.original))
    else:
        cuts = cutting.of(part)
        yield Entry(f"{place}.json", gathering.as_json(cuts.kept(rows(part))) if cuts else whole(part))
        if pages:
            yield from reading.pages(_paper(part, cuts, facts), place, cuts.kept(rows(part)))


def _paper(part: CopyPart, cuts: cutting.Cuts, facts: Facts) -> reading.Paper:
    language, holding = facts["language"], gathering.holding_of(part.holding)
    with translation.override(language):
        return reading.Paper(
            title=withheld.title_of(part),
            about=str(holding.about) if holding else "",
            language=language,
            headings=reading.headings(
                part.holding, [name for name in cutting.columns(part) if name not in cuts.columns]
            ),
            rows=cutting.rows_left(part) or 0,
            whose=facts["person"],
            made=letters.say_day(facts["made_on"], language),
            left=[f"{line.how[:1].upper()}{line.how[1:]}. {line.why}" for line in withheld.inside(part)],
            home="../index.html",
        )


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
        "format": FORMAT,
        "person": person(request),
        "company": company.name,
        "contact": company.contact_email,
        "language": request.language,
        "made_on": company.day_of(package.built_at) if package.built_at else None,
        "is_carried_over": not pages,
        "contents": [_content(part, place, pages=pages) for place, part in _numbered(parts(request))],
        "places": [_place(task) for task in _asked(request)],
        **package.told,
    }


def person(request: RightsRequest) -> str:
    """Whom the copy is about, as far as the copy itself says it: no name stands above what was left out."""
    part = request.copy_parts.filter(holding__startswith="people.person.", decision="").first()
    row = next(cutting.of(part).kept(rows(part)), {}) if part else {}
    return " ".join(filter(None, (row.get("given_name"), row.get("family_name"))))


def _content(part: CopyPart, place: str, *, pages: bool) -> Facts:
    line = withheld.line_of(part) if part.decision else None
    holding = gathering.holding_of(part.holding)
    return {
        "from": part.whence,
        "what": part.what if part.file and not part.decision else withheld.what_of(part),
        "about": str(holding.about) if holding else "",
        "file": _main_file(part, place, pages=pages),
        "data": f"{place}.json" if part.is_ours and not part.decision else "",
        "columns": _columns(part),
        "entries": None if part.decision else cutting.rows_left(part),
        "withheld": line.how if line else "",
        "why": line.why if line else "",
        "withheld_inside": [] if line else [_inside(one) for one in withheld.inside(part)],
    }


def _columns(part: CopyPart) -> dict[str, str]:
    """What the names in the data mean."""
    return (
        {one.name: one.words for one in reading.headings(part.holding, cutting.columns(part))}
        if part.is_ours
        else {}
    )


def _inside(line: withheld.Line) -> Facts:
    return {"column": line.column, "rows": line.rows, "how": line.how, "why": line.why}


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
            "inside": [] if part.decision else list(_coded(part)),
        }
        for part in parts(request)
    ]


def _coded(part: CopyPart) -> Iterator[Facts]:
    """By column and reason; never what stood there."""
    groups = part.withholdings.order_by("column", "why").values_list("column", "why")
    for column, why, rows_out in groups.annotate(Sum("rows")):
        yield {"column": column, "why": why, "rows": rows_out}
