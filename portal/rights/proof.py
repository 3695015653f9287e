"""Handing in an identity document, only where a colleague asked for one. Nothing is shown here but that
question, so the reference is enough to answer it: who asks could not open the messages yet."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy

from portal.limits import too_many, within
from requests.events import SOMEBODY
from requests.models import Method, RightsRequest, Verdict
from requests.proving import documents, proofs
from requests.refusals import NotAsked, TooManyDocuments

from .visitors import case_or_404, private_page

DOCUMENTS_AN_HOUR = 10
TOO_MANY = gettext_lazy("We have enough documents now. Somebody looks at them first.")


class DocumentForm(forms.Form):
    document = forms.FileField(
        allow_empty_file=True,  # said in words of its own, with the kinds we take
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "invalid": gettext_lazy("Choose a file."),
            "max_length": gettext_lazy("Choose a file."),
        },
    )


def is_asked(case: RightsRequest) -> bool:
    return case.identity_checks.filter(verdict=Verdict.OPEN, method=Method.DOCUMENT).exists()


@private_page
def document(request: HttpRequest, reference: str) -> HttpResponse:
    case = case_or_404(reference)
    if not is_asked(case):
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    if request.method != "POST":
        return _page(request, case, DocumentForm())
    if not within(DOCUMENTS_AN_HOUR, "request-document", case.reference):
        return too_many(request)
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    return _take(request, case, form)


def _take(request: HttpRequest, case: RightsRequest, form: DocumentForm) -> HttpResponse:
    upload: UploadedFile[Any] = form.cleaned_data["document"]
    try:
        proofs.hand_in(case, upload, by=SOMEBODY, at=timezone.now())  # Django's own
    except documents.DocumentRefused as refused:
        form.add_error("document", refused)
        return _page(request, case, form, status=413 if refused.code == "too_large" else 422)
    except TooManyDocuments:
        form.add_error("document", str(TOO_MANY))
        return _page(request, case, form, status=422)
    except NotAsked:
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    return render(request, "portal/rights/document_taken.html", {"case": case})


def _page(request: HttpRequest, case: RightsRequest, form: forms.Form, **how: Any) -> HttpResponse:
    return render(request, "portal/rights/document.html", {"case": case, "form": form}, **how)
