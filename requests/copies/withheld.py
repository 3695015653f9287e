"""What was kept out of a copy, and why: for the form of staff, and in the requester's own language.

The law asks to be told of it, with the way to complain (GDPR Art. 12(4), 15(4); 11 CCR 7024(d), (e))."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from law import readings
from law.models import Company, RefusalGround
from requests import clocks
from requests.models import CopyPart, Decision, RightsRequest, Why, Withholding

from . import cutting, reading
from .gathering import holding_of

# The law's own ground for each, by its code. Trade secrets count among the rights of others (GDPR recital 63).
GROUND = {
    Why.OTHERS: "gdpr_others_rights",
    Why.SECRETS: "gdpr_others_rights",
    Why.CREDENTIALS: "ccpa_no_secrets",
    Why.EXAM: "uk_exam",
    Why.NOT_PORTABLE: "gdpr_port_basis",
}
# Reasons that are nothing without their law.
ONLY_WITH_A_GROUND = (Why.EXAM, Why.NOT_PORTABLE)


def accepted(request: RightsRequest, *, at: datetime) -> dict[Why, RefusalGround | None]:
    """What may be given as a reason in this case, each with the row of the law where one fits."""
    codes = [row.code for row in clocks.binding(request)]
    rows = {row.code: row for row in readings.grounds_for(codes, request.right, Company.current().day_of(at))}
    found = {why: rows.get(GROUND.get(why, "")) for why in Why}
    return {why: row for why, row in found.items() if row or why not in ONLY_WITH_A_GROUND}


@dataclass(frozen=True)
class Line:
    """Something that does not go out as it is, in words for the requester. `column` and `rows` where it is
    inside a part: the name in JSON, and in how many rows."""

    what: str
    how: str
    why: str
    column: str = ""
    rows: int | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.how}. {self.why}"


def lines(request: RightsRequest) -> list[Line]:
    """In the language that is on."""
    found = request.copy_parts.withheld().with_places()
    return [line for part in found for line in ([line_of(part)] if part.decision else inside(part))]


def line_of(part: CopyPart) -> Line:
    how = _("a part is blacked out") if part.decision == Decision.REPLACED else _("left out")
    return Line(what_of(part), how, _because(part))


def inside(part: CopyPart) -> list[Line]:
    """What stays out of a part that goes out otherwise: a line for each column and reason, not for each row.
    In the order of `with_places`, which has read them."""
    groups: dict[tuple[Any, ...], list[Withholding]] = {}
    for one in part.withholdings.all():
        groups.setdefault((one.column, one.row is None, one.why, one.ground), []).append(one)
    names = {one.name: one.words for one in reading.headings(part.holding, cutting.columns(part))}
    return [_line_inside(part, found, names) for found in groups.values()]


def _line_inside(part: CopyPart, found: list[Withholding], names: Mapping[str, str]) -> Line:
    count, column = sum(one.rows for one in found), found[0].column
    if column:
        how = ngettext(
            "the column “%(column)s” is left out in %(count)d row",
            "the column “%(column)s” is left out in %(count)d rows",
            count,
        ) % {"column": names.get(column, column), "count": count}
    else:
        how = ngettext("%(count)d row is left out", "%(count)d rows are left out", count) % {"count": count}
    return Line(what_of(part), how, _because(found[0]), column, count)


def _because(row: CopyPart | Withholding) -> str:
    source = f" ({row.ground.source})" if row.ground else ""
    return f"{reasons()[Why(row.why)]}{source}."


def what_of(part: CopyPart) -> str:
    """Never the name of a file: the name itself may tell what was taken out of it."""
    return title_of(part) if part.is_ours else _("A file from %(place)s") % {"place": part.whence}


def title_of(part: CopyPart) -> str:
    """What rows of ours are, in the language that is on."""
    holding = holding_of(part.holding)
    return str(holding.title) if holding else part.title


def reasons() -> Mapping[Why, str]:
    return {
        Why.OTHERS: _("It holds data of other people, and their rights count too"),
        Why.SECRETS: _("It holds trade secrets or the work of others"),
        Why.PRIVILEGE: _("It is protected because a lawyer advised us, or because a case in court was prepared"),
        Why.CREDENTIALS: _(
            "We hold such data, and never send it: passwords, account numbers and the like are not safe on the way"
        ),
        Why.EXAM: _("Exam papers and marks have a rule of their own"),
        Why.NOT_PORTABLE: _(
            "The right to take data elsewhere covers only what was given to us, by consent or for a contract"
        ),
    }  # fmt: skip


def words(request: RightsRequest) -> str:
    """For the letter that goes with the copy, in its language: what is missing, or that nothing is."""
    with translation.override(request.language):
        return "\n".join(_words(request))


def _words(request: RightsRequest) -> Iterator[str]:
    found = lines(request)
    if not found:
        yield _("The copy is whole: we left nothing out and blacked nothing out.")
        return
    yield _("Not everything is in the copy:")
    yield from (f"– {line}" for line in found)
    yield _("If you think that we got this wrong, write to us here and ask for a second look.")


def is_any(request: RightsRequest) -> bool:
    return request.copy_parts.withheld().exists()
