"""The promise ledger: each sentence of the policy that a program watches, and where it stands today."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse

from audit import promises
from inventory.desk.screens import page_of
from law.models import Company

MAY_SEE = "policies.view_policyversion"
SHOWN = 20  # rows of one promise; its register has them all


def ledger(request: HttpRequest, frame: dict[str, Any]) -> TemplateResponse:
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    lines = [
        (promise, finding, _rows(request, finding))
        for promise, finding in promises.examine(Company.current().today())
    ]
    context = {**frame, "title": "The promises, and where each stands", "lines": lines}
    return TemplateResponse(request, "admin/promises.html", context)


def _rows(request: HttpRequest, finding: promises.Finding) -> list[tuple[str, str]]:
    """What to look at, for those who may: a name can say more than the sentence does."""
    allowed = [row for row in finding.rows[:SHOWN] if _may_see(request, row)]
    return [(str(row), page_of(row)) for row in allowed]


def _may_see(request: HttpRequest, row: Any) -> bool:
    return request.user.has_perm(f"{row._meta.app_label}.view_{row._meta.model_name}")
