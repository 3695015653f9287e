from django.db import models
from django.db.models import F, Q

from audit.evidence import evidence
from audit.personal import StartEvent, Then
from law.calendar import Unit
from law.transfers import ExportLaw

from .rows import FREE, LawManager, LawRow


class Rule(models.TextChoices):
    CONSENT_ONLINE_SERVICE = "consent_online_service", "consent to online services"
    COPPA = "coppa", "COPPA: parental consent before collection"
    LGPD_CHILD = "lgpd_child", "LGPD: children"
    LINKED_ACCOUNT = "linked_account", "account linked to a guardian's"
    ALL_PROCESSING = "all_processing", "consent to all processing"
    CHILD_DATA_PROTECTION = "child_data_protection", "child data protection"
    SENSITIVE_DATA = "sensitive_data", "sensitive data"
    SALE_OR_SHARING = "sale_or_sharing", "sale or sharing"
    SALE_OR_TARGETED_ADS = "sale_or_targeted_ads", "sale or targeted advertising"
    GUIDANCE = "guidance", "regulator's guidance"
    NONE = "none", "no fixed age"


@evidence(frozen_once="approved_at", free=FREE)
class AgeOfConsent(LawRow):
    """Below which age a guardian is needed, by place, rule and date."""

    place = models.CharField(
        max_length=6, help_text="Country, or country and region: FR, US-CA. EU is the default."
    )
    rule = models.CharField(max_length=32, choices=Rule)
    parent_needed_below = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="In years. Empty: the law names no number."
    )
    own_consent_from = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In years.")

    objects = LawManager["AgeOfConsent"]()

    class Meta:
        verbose_name_plural = "ages of consent"
        permissions = [("approve_ageofconsent", "Can approve, switch and end law rows")]
        ordering = ["place", "rule", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["place", "rule", "in_force_from"], name="law_age_one_row_a_day"),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_age_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.get_rule_display()}"


class RetentionSuggestion(models.Model):
    """How long a kind of data is usually kept. A number to think about: it binds nobody until the
    company adopts it as a rule of its own."""

    class Nature(models.TextChoices):
        MINIMUM = "minimum", "legal minimum"
        MAXIMUM = "maximum", "legal maximum"
        DUTY = "duty", "legal duty without a number"
        PRACTICE = "practice", "practice"

    data_class = models.SlugField("kind of data", unique=True)
    suggested_period = models.CharField(max_length=200)
    number = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: no number is known.")
    unit = models.CharField(max_length=8, choices=Unit, blank=True)
    start_event = models.CharField(max_length=16, choices=StartEvent)
    then = models.CharField("what to do", max_length=16, choices=Then)
    nature = models.CharField(max_length=16, choices=Nature)
    legal_anchor = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    checked = models.CharField(max_length=300)
    is_verified = models.BooleanField("verified", default=False, help_text="A source was read.")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["data_class"]

    def __str__(self) -> str:
        return self.data_class.replace("_", " ").replace("-", " ")


@evidence(frozen_once="approved_at", free=FREE)
class Adequacy(LawRow):
    """A decision of one law that a territory protects data well enough. Valid for that law only."""

    granted_by = models.CharField(
        max_length=2,
        choices=[("EU", "EU"), ("GB", "United Kingdom"), ("CH", "Switzerland"), ("BR", "Brazil")],
    )
    territory = models.CharField(max_length=3, help_text="Country code; EPO for the patent organization.")
    instrument = models.CharField(max_length=150)
    adopted_on = models.DateField(null=True, blank=True)
    scope_limits = models.CharField(
        max_length=300, blank=True, help_text="Whom it covers. Empty: everybody in the territory."
    )
    needs_listing = models.BooleanField(
        default=False, help_text="Only organizations on a public list, such as the Data Privacy Framework's."
    )

    objects = LawManager["Adequacy"]()

    class Meta:
        verbose_name_plural = "adequacy decisions"
        verbose_name = "adequacy decision"
        permissions = [("approve_adequacy", "Can approve, switch and end adequacy decisions")]
        ordering = ["granted_by", "territory", "in_force_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["granted_by", "territory", "in_force_from"], name="law_adequacy_one_row_a_day"
            ),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_adequacy_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_granted_by_display()}: {self.territory}"


@evidence(frozen_once="approved_at", free=FREE)
class TransferMechanism(LawRow):
    """A tool one law offers for a transfer, and what has to be on record with it."""

    code = models.CharField(max_length=16)
    regime = models.CharField(max_length=16, choices=ExportLaw)
    mechanism = models.CharField(max_length=100)
    when = models.CharField(max_length=200, blank=True)
    needs_assessment = models.BooleanField(
        "needs an assessment", default=False, help_text="A transfer impact assessment (in the UK: TRA)."
    )
    must_record = models.CharField(max_length=200, blank=True)

    objects = LawManager["TransferMechanism"]()

    class Meta:
        permissions = [("approve_transfermechanism", "Can approve, switch and end transfer mechanisms")]
        ordering = ["regime", "code", "in_force_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "regime", "in_force_from"], name="law_mechanism_one_row_a_day"
            ),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_mechanism_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_regime_display()}: {self.mechanism}"


@evidence(frozen_once="approved_at", free=FREE)
class ChecklistItem(LawRow):
    """One thing that a contract, a record or a notice has to hold."""

    set = models.CharField(max_length=32, help_text="Which list it belongs to, such as gdpr28.")
    code = models.CharField(max_length=40)
    item = models.CharField(max_length=200)

    objects = LawManager["ChecklistItem"]()

    class Meta:
        permissions = [("approve_checklistitem", "Can approve, switch and end checklist items")]
        ordering = ["set", "code", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "in_force_from"], name="law_checklist_one_row_a_day"),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_checklist_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} ({self.source})"
