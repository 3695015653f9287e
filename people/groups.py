"""The groups staff belong to, ready-made: who may do what at the desk.

| group | may |
|---|---|
| privacy lead | all privacy work, publication and export included; makes accounts and asks for their powers |
| privacy officer | the daily work: drafts, people, guardianships; puts forward, does not approve or export |
| support | looks people up, corrects addresses, notes guardians |
| auditor | looks at everything, changes nothing |

Nobody edits a group in the desk. A superuser has every permission without a group: keep two of them,
for giving a power takes a second one (`AccessGrant`), and use them for nothing else."""

from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS

LEAD, OFFICER, SUPPORT, AUDITOR = "privacy lead", "privacy officer", "support", "auditor"

# Decisions that take a second person, and data that leaves the house.
_WEIGHTY = ("approve_", "publish_", "export_", "delete_")
# Who holds which power is decided by superusers through grants.
_STAFF_MODELS = ("_user", "_accessgrant")
_LEAD_FOR_STAFF = frozenset({"add_user", "invite_user", "deactivate_user", "reset_user", "add_accessgrant"})


def _lead(codename: str) -> bool:
    if codename.endswith(_STAFF_MODELS):
        return codename.startswith("view_") or codename in _LEAD_FOR_STAFF
    return True


def _officer(codename: str) -> bool:
    if codename.endswith(_STAFF_MODELS):
        return codename.startswith("view_")
    return not codename.startswith(_WEIGHTY)


def _support(codename: str) -> bool:
    views = codename in {"view_person", "view_guardianship", "view_policy", "view_policyversion"}
    return (
        views
        or codename in {"correct_person", "add_guardianship", "view_mail"}
        or codename.startswith("view_notice")
    )


def _auditor(codename: str) -> bool:
    return codename.startswith("view_")


MAY: dict[str, Callable[[str], bool]] = {
    LEAD: _lead,
    OFFICER: _officer,
    SUPPORT: _support,
    AUDITOR: _auditor,
}
ROOMS = frozenset({"audit", "inventory", "law", "notices", "people", "policies", "processors", "requests"})


def lay(app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **signal: Any) -> None:
    """After a migrate: each group has, of this app's permissions, those it should have, and no others."""
    if app_config.label not in ROOMS:
        return
    # Ours runs before Django's own receiver, which makes them.
    create_permissions(app_config, using=using, **{"verbosity": 0, "interactive": False, **_apps(signal)})
    permissions = list(Permission.objects.using(using).filter(content_type__app_label=app_config.label))
    for name, may in MAY.items():
        group, _is_new = Group.objects.using(using).get_or_create(name=name)
        wanted = [p for p in permissions if may(p.codename)]
        group.permissions.remove(*(p for p in permissions if p not in wanted))
        group.permissions.add(*wanted)


def _apps(signal: dict[str, Any]) -> dict[str, Any]:
    return {"apps": signal["apps"]} if "apps" in signal else {}
