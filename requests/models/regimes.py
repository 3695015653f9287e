"""Under which laws a case falls."""

from django.conf import settings
from django.db import models

from law.applying import Applicable

from .cases import RightsRequest


class RequestRegimeQuerySet(models.QuerySet["RequestRegime"]):
    def binding(self) -> "RequestRegimeQuerySet":
        return self.filter(dropped_at=None)


class RequestRegime(models.Model):
    """A body of law a case falls under, with the version of the row it was judged by."""

    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="regimes")
    regime = models.ForeignKey("law.Regime", on_delete=models.PROTECT, related_name="+")
    state = models.ForeignKey(
        "law.StateLaw", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Empty: proposed from the place, nobody has looked yet.",
    )  # fmt: skip
    confirmed_at = models.DateTimeField(null=True, blank=True)
    is_guess = models.BooleanField(
        default=False, help_text="No law of that place is on record; this one is followed instead."
    )
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="Staff found that it does not apply.")

    objects = RequestRegimeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "regime"], name="requests_regime_once"),
        ]

    def __str__(self) -> str:
        return f"Request {self.request_id} under {self.regime_id}"

    @property
    def law(self) -> Applicable:
        return Applicable(self.regime, self.state, self.is_guess)

    @property
    def code(self) -> str:
        """As the law is called: us_va for a state on the pattern of others."""
        return self.law.code

    def gives(self, right: str) -> bool:
        return self.law.gives(right)
