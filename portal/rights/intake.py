"""The public form: one question a page, answers in the session alone, nothing stored before **Send**."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries

from people.regions import names_of
from portal.limits import counted_as, too_many, visitor_address, within
from portal.views import visitor_language
from requests.arriving.pasted import looks_like_a_document
from requests.arriving.receiving import Asked, receive
from requests.events import SOMEBODY
from requests.models import RequesterKind, Right, RightsRequest

from . import questions, steps
from .questions import CHILD, ChoiceForm, StepForm, Visit, WhoForm
from .steps import BY_SLUG, Step
from .visitors import children_of, private_page, visitor
from .words import RIGHTS

INTAKE, SENT = "intake", "intake-sent"
# One school is one address to us: its pupils together may send more than one of them may.
STEPS_AN_HOUR, SENDS_AN_HOUR, SENDS_OF_ONE = 1000, 60, 5
SENDS_TO_ONE = 10  # forms that name one address, from wherever: each may cost its owner a mail
HONEYPOT = "website"
KEPT_FORMS = 5


@private_page
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/rights/start.html", {"visitor": visitor(request)})


def visit_of(request: HttpRequest) -> Visit:
    person = visitor(request)
    form = request.session.get(INTAKE, {})
    children = tuple(children_of(person)) if person else ()
    return Visit(form.get("answers", {}), person, children, tuple(form.get("given", ())))


def _keep(request: HttpRequest, slug: str, answer: dict[str, Any]) -> Visit:
    form = request.session.get(INTAKE) or {"submission": steps.new_submission(), "answers": {}}
    form["answers"][slug] = answer
    request.session[INTAKE] = form
    return visit_of(request)


@private_page
def begin(request: HttpRequest) -> HttpResponse:
    """A fresh form. Opening it changes nothing of one already begun."""
    return redirect(_next(visit_of(request)))


@private_page
def about(request: HttpRequest) -> HttpResponse:
    """From “Your requests”: a fresh form that knows already whom it is about."""
    visit = visit_of(request)
    if visit.person is None or request.method != "POST":
        return redirect("portal:requests")
    form = WhoForm(Visit(person=visit.person, children=visit.children), request.POST)
    if not form.is_valid():
        raise Http404("Nobody of that number is theirs.")
    answers = {"who": form.answer()}
    request.session[INTAKE] = {"submission": steps.new_submission(), "answers": answers, "given": ["who"]}
    return redirect(_next(visit_of(request)))


def _next(visit: Visit) -> str:
    if steps.is_stopped(visit):
        return reverse("portal:request_young")
    step = steps.first_open(visit)
    return reverse("portal:request_step", args=[step.slug]) if step else reverse("portal:request_check")


def _after(visit: Visit, slug: str, *, is_change: bool) -> str:
    """The next question; back to the answers when only one of them is being changed."""
    if is_change or steps.is_stopped(visit):
        return _next(visit)
    path = [step.slug for step in steps.path_of(visit)]
    later = path[path.index(slug) + 1 :] if slug in path else []
    following = [following for following in later if following not in visit.given]
    missing = steps.first_open(visit)
    if missing and path.index(missing.slug) <= path.index(slug):
        return _next(visit)
    return (
        reverse("portal:request_step", args=[following[0]]) if following else reverse("portal:request_check")
    )


@private_page
def step(request: HttpRequest, slug: str) -> HttpResponse:
    found, visit = BY_SLUG.get(slug), visit_of(request)
    if found is None:
        raise Http404("There is no such question.")
    if not found.asked(visit):
        return redirect(_next(visit))
    if request.method != "POST":
        return _ask(request, found, found.form(visit, initial=dict(visit.answers.get(slug, {}))))
    form = found.form(visit, request.POST)
    if not within(STEPS_AN_HOUR, "request-step", visitor_address(request)):
        return too_many(request)
    if not form.is_valid():
        return _ask(request, found, form, status=422)
    is_change = "change" in request.GET
    return HttpResponseRedirect(_after(_keep(request, slug, form.answer()), slug, is_change=is_change))


def _ask(request: HttpRequest, asked: Step, form: StepForm, **how: Any) -> HttpResponse:
    visit = form.visit
    back = steps.before(visit, asked.slug)
    context = {
        "form": form,
        "step": asked.slug,
        "is_choice": isinstance(form, ChoiceForm),
        "back": reverse("portal:request_step", args=[back.slug]) if back else _home(visit),
        **how.pop("said", {}),
    }
    if "change" in request.GET:
        context["back"] = reverse("portal:request_check")
    return render(request, "portal/rights/step.html", context, **how)


def _home(visit: Visit) -> str:
    return reverse("portal:yours" if visit.person else "portal:requests")


def stale_step(request: HttpRequest, slug: str) -> HttpResponse:
    """The form waited for days, or cookies are off: the page again, with what was written and a fresh
    token. Nothing is kept: whoever could not show the token may be another site."""
    found = BY_SLUG.get(slug)
    if found is None:
        raise Http404("There is no such question.")
    get_token(request)
    form = found.form(visit_of(request), request.POST)
    return _ask(
        request, found, form, status=403, said={"is_stale": True, "has_cookies": bool(request.COOKIES)}
    )


step.stale = stale_step  # type: ignore[attr-defined]


@private_page
def young(request: HttpRequest) -> HttpResponse:
    """Too young to ask alone: on with a guardian, with every answer kept."""
    visit = visit_of(request)
    if not steps.is_stopped(visit):
        return redirect(_next(visit))
    if request.method != "POST":
        return render(
            request, "portal/rights/young.html", {"back": reverse("portal:request_step", args=["born"])}
        )
    visit = _keep(request, "who", {"who": CHILD})
    return redirect(_next(visit))


@private_page
def check(request: HttpRequest) -> HttpResponse:
    """Every answer with a way to change it, and the one button that stores anything."""
    if request.method == "POST":
        return _send(request)
    visit = visit_of(request)
    if steps.is_stopped(visit) or steps.first_open(visit):
        return redirect(_next(visit))
    return _show_check(request, visit)


def stale_check(request: HttpRequest) -> HttpResponse:
    """The answers are in the session still, or gone with it: nothing is sent either way."""
    visit = visit_of(request)
    if INTAKE not in request.session or steps.is_stopped(visit) or steps.first_open(visit):
        return redirect("portal:request_new")
    get_token(request)
    return _show_check(request, visit, status=403, said={"is_stale": True})


check.stale = stale_check  # type: ignore[attr-defined]


def _show_check(request: HttpRequest, visit: Visit, **how: Any) -> HttpResponse:
    context = {
        "visit": visit,
        "rows": list(rows(visit)),
        "submission": request.session[INTAKE]["submission"],
        "back": reverse("portal:request_step", args=["details"]),
        "no_place": not visit.place,
        "has_document": looks_like_a_document(visit.answer("details", "details")),
        "honeypot": HONEYPOT,
        **how.pop("said", {}),
    }
    return render(request, "portal/rights/check.html", context, **how)


def rows(visit: Visit) -> Any:
    """Question, answer and the step that changes it, in the order they were asked."""
    for asked in steps.path_of(visit):
        if asked.slug == "born":
            continue
        form = asked.form(visit)
        yield str(form.heading), said(visit, asked, form), asked.slug


def said(visit: Visit, asked: Step, form: StepForm) -> list[str]:
    answer = visit.answers[asked.slug]
    if isinstance(form, ChoiceForm):
        chosen = answer[form.name]
        chosen = chosen if isinstance(chosen, list) else [chosen]
        return [str(label) for value, label, _hint in form.offered if value in chosen]
    if asked.slug == "where":
        return [str(countries.name(answer["country"])) or _("You did not say.")]
    if asked.slug == "region":
        return [dict(names_of(visit.answer("where", "country"))).get(answer["region"], _("You did not say."))]
    if asked.slug == "corrections":
        return questions.corrections_said(answer)
    return [str(value) for value in answer.values() if value] or [_("Nothing.")]


def _send(request: HttpRequest) -> HttpResponse:
    submission = request.POST.get("submission", "")
    if before := request.session.get(SENT, {}).get(submission):
        return _sent(before)  # pressed twice: the same request, the same page
    visit = visit_of(request)
    if steps.is_stopped(visit) or steps.first_open(visit) or INTAKE not in request.session:
        return redirect(_next(visit))
    if request.POST.get(HONEYPOT) or not _may_send(request, visit):
        return too_many(request)
    if submission != request.session[INTAKE]["submission"]:
        return _show_check(request, visit, status=422)
    cases = receive(asked_by(request, visit, submission), by=visit.person or SOMEBODY, at=timezone.now())
    _remember(request, submission, [case.reference for case in cases])
    return _sent(request.session[SENT][submission])


def _may_send(request: HttpRequest, visit: Visit) -> bool:
    network = visitor_address(request)
    one = counted_as(visit.person.email if visit.person else visit.answer("contact", "email"))
    return (
        within(SENDS_OF_ONE, "request-sent-by", f"{one} {network}")
        and within(SENDS_AN_HOUR, "request-sent-from", network)
        and within(SENDS_TO_ONE, "request-sent-to", one)
    )


def asked_by(request: HttpRequest, visit: Visit, submission: str) -> Asked:
    child = visit.child
    kind = RequesterKind.GUARDIAN if child else RequesterKind(visit.who)
    subject = child or (visit.person if kind == RequesterKind.SELF else None)
    return Asked(
        rights=tuple(Right(right) for right in visit.rights),
        requester_kind=kind,
        subject=subject,
        requester=visit.person,
        place=visit.place,
        language=visitor_language(request),
        name=visit.answer("contact", "name"),
        email=visit.person.email if visit.person else visit.answer("contact", "email"),
        about=visit.answer("about", "about"),
        details=visit.answer("details", "details"),
        corrections=tuple(questions.corrections_of(visit.answers.get("corrections", {}))),
        submission=UUID(submission),
    )


def _remember(request: HttpRequest, submission: str, references: list[str]) -> None:
    """The form's answers leave the session; that it was sent stays, for a second press."""
    del request.session[INTAKE]
    earlier = list(request.session.get(SENT, {}).items())[-KEPT_FORMS:]
    request.session[SENT] = {**dict(earlier), submission: references}


def _sent(references: list[str]) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('portal:request_sent')}?request={'&request='.join(references)}")


@private_page
def sent(request: HttpRequest) -> HttpResponse:
    """One page whatever the address. Shows references of this browser's own forms only."""
    mine = {reference for form in request.session.get(SENT, {}).values() for reference in form}
    asked = RightsRequest.objects.filter(reference__in=mine & set(request.GET.getlist("request")))
    listed = [(case.reference, RIGHTS[case.right]) for case in asked.order_by("pk")]
    return render(request, "portal/rights/sent.html", {"references": listed, "visitor": visitor(request)})
