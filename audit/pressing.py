"""How a button of the desk runs: link → confirmation page → action → message."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from .buttons import Button, Consequences
from .desk import DeskAdmin, has_revision, page, staff
from .refusals import Refused
from .revisions import bump, changed_meanwhile, who_changed
from .text import CleanBlockField

R = TypeVar("R", bound=HttpResponseBase)

CONFLICT = 409
LOOK = (
    "look"  # the name of a button that only looks something up: the page is shown again, nothing is pressed
)


class NoLongerPossible(Refused):
    pass


class ChangedMeanwhile(Refused):
    pass


def fresh_login(view: Callable[..., R], request: HttpRequest, *args: Any) -> R:
    """Run the view only for somebody who proved in the last minutes who they are.

    Not asked where no second factor is: without one, the check would pass anybody."""
    guarded = reauthentication_required(view, enabled=settings.MFA_REQUIRED)
    return cast(R, guarded(request, *args))


class Confirmation(forms.Form):
    """What every button asks: why, and for a crowd, how many."""

    reason = CleanBlockField(
        max_length=2000,
        label="Reason",
        error_messages={"required": "Write why."},
        help_text="Kept for good in the audit record. Write why, without names or addresses.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )
    typed_count = forms.CharField(
        label="Number of people", widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    opened_revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, needs_reason: bool, count: int | None, revision: int | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.count = count
        self.fields["reason"].required = needs_reason
        if count is None:
            del self.fields["typed_count"]
        else:
            self.fields["typed_count"].help_text = f"Type {count:,} to show that you mean all of them."
        if revision is None:
            del self.fields["opened_revision"]
        else:
            self.fields["opened_revision"].initial = revision

    def clean_typed_count(self) -> str:
        typed = str(self.cleaned_data["typed_count"])
        if "".join(filter(str.isdecimal, typed)) != str(self.count):
            raise forms.ValidationError(f"This would be {self.count:,} people. Type that number to go on.")
        return typed


class Pressable(DeskAdmin):
    buttons: Sequence[Button] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.button_view)
        # Before Django's own: its last address, <path:object_id>/, eats everything.
        return [path("<path:object_id>/do/<slug:verb>/", view, name=name), *super().get_urls()]

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        """Those this person may press on this object now."""
        return [b for b in self.buttons if request.user.has_perm(b.permission) and b.shown(obj)]

    def button_url(self, obj: Any, button: Button) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
        return reverse(name, args=[quote(obj.pk), button.verb], current_app=self.admin_site.name)

    def button_links(self, request: HttpRequest, obj: Any) -> list[tuple[Button, str]]:
        return [
            (button, self.keeping_the_list(request, self.button_url(obj, button)))
            for button in self.get_buttons(request, obj)
        ]

    def keeping_the_list(self, request: HttpRequest, url: str) -> str:
        """The address with the filters somebody came with: after a deed they find their list again."""
        return str(add_preserved_filters(self._list_kept(request), url))

    def _list_kept(self, request: HttpRequest) -> dict[str, Any]:
        return {"opts": self.opts, "preserved_filters": self.get_preserved_filters(request)}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = context.get("original")
        if obj is not None:
            context["buttons"] = self.button_links(request, obj)
            context |= {"title": self.heading(obj), "subtitle": None}
        return super().render_change_form(request, context, *args, **kwargs)

    def heading(self, obj: Any) -> str:
        """What stands over the page of an object."""
        return str(obj)

    def button_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        button = next((button for button in self.buttons if button.verb == verb), None)
        if button is None:
            raise Http404
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        if not (
            self.has_view_or_change_permission(request, obj) and request.user.has_perm(button.permission)
        ):
            raise PermissionDenied
        if button.fresh_login:
            return fresh_login(self._confirm, request, button, obj)
        return self._confirm(request, button, obj)

    def _confirm(self, request: HttpRequest, button: Button, obj: Any) -> HttpResponse:
        if not button.shown(obj):
            return self._not_now(request, button, obj)
        consequences = button.consequences(obj, request)
        asked = self._forms(request, button, obj, consequences)
        valid = [form.is_valid() for form in asked]  # each form says what it misses
        if not all(valid):
            return self._ask(request, button, obj, consequences, asked)
        try:
            result = self._press(request, button, obj, asked)
        except NoLongerPossible:
            return self._not_now(request, button, obj)
        except Refused as refusal:
            return self._ask(request, button, obj, consequences, asked, refusal)
        messages.success(request, button.message(obj, result))
        return HttpResponseRedirect(self._home_of(request, obj))

    def _forms(
        self, request: HttpRequest, button: Button, obj: Any, consequences: Consequences
    ) -> list[forms.BaseForm]:
        is_pressed = request.method == "POST" and LOOK not in request.POST
        data, files = (request.POST, request.FILES) if is_pressed else (None, None)
        confirmation = Confirmation(
            data,
            needs_reason=button.needs_reason,
            count=consequences.count if consequences.must_type_count else None,
            revision=obj.revision if has_revision(self.model) else None,
        )
        if button.form_class is None:
            return [confirmation]
        return [button.form_class(data, files, initial=button.initial(obj)), confirmation]

    def _press(self, request: HttpRequest, button: Button, obj: Any, asked: list[forms.BaseForm]) -> object:
        """All or nothing, holding the row: a double submit waits here and then finds its work done."""
        *extra, confirmation = (form.cleaned_data for form in asked)
        entries = extra[0] if extra else {}
        with button.beforehand(obj, entries) as given, transaction.atomic():
            held = self.hold(obj)
            if held is None or not button.shown(held):
                raise NoLongerPossible
            self._refuse_stale(held, confirmation.get("opened_revision"))
            result = button.action(
                held,
                by=staff(request),
                at=timezone.now(),
                reason=confirmation["reason"],
                **given,
            )
            if has_revision(self.model):
                bump(held)
            return result

    def hold(self, obj: Any) -> Any:
        """The row, locked until the deed is done; None when it is gone. Where the deed locks something else
        before, so must this: two who wait for each other in turn would break off."""
        return self.model._base_manager.select_for_update().filter(pk=obj.pk).first()

    def _refuse_stale(self, held: Any, opened: int | None) -> None:
        if opened is not None and opened != held.revision:
            raise ChangedMeanwhile(
                f"{changed_meanwhile(held)} Your entries are kept below; go back and look at the change first."
            )

    def _ask(
        self,
        request: HttpRequest,
        button: Button,
        obj: Any,
        consequences: Consequences,
        asked: list[forms.BaseForm],
        refusal: Refused | None = None,
    ) -> HttpResponse:
        context = {
            "title": consequences.question,
            "button": button,
            "consequences": consequences,
            "forms": asked,
            "has_errors": any(form.errors for form in asked),
            "is_multipart": any(form.is_multipart() for form in asked),
            "refusal": str(refusal) if refusal else "",
            "original": obj,
            "back": self._home_of(request, obj),
            **self._list_kept(request),
        }
        return page(self, request, button.template, context, refusal.status_code if refusal else 200)

    def _not_now(self, request: HttpRequest, button: Button, obj: Any) -> HttpResponse:
        context = {
            "title": "This cannot be done now",
            "button": button,
            "original": obj,
            "last": who_changed(obj),
            "back": self._home_of(request, obj),
            **self._list_kept(request),
        }
        return page(self, request, "admin/button_not_now.html", context, CONFLICT)

    def _home_of(self, request: HttpRequest, obj: Any) -> str:
        """The object's page, or its list when the deed has removed it."""
        opts, site = self.opts, self.admin_site.name
        stem = f"admin:{opts.app_label}_{opts.model_name}"
        if request.method == "POST" and not self.model._base_manager.filter(pk=obj.pk).exists():
            return self.keeping_the_list(request, reverse(f"{stem}_changelist", current_app=site))
        url = reverse(f"{stem}_change", args=[quote(obj.pk)], current_app=site)
        return self.keeping_the_list(request, url)
