"""The site: settings, addresses, the staff home and the demo company. Imported by nobody."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    name = "privacy_site"
    verbose_name = "Site"

    def ready(self) -> None:
        from audit import exports, large_exports

        from . import alarms, checks  # noqa: F401

        exports.on_export_refused.append(alarms.tell_of_refused_export)
        large_exports.on_large_export.append(alarms.tell_of_large_export)


class StaffSiteConfig(AdminConfig):
    """Django's own admin with our site class: the desk of the privacy team."""

    default_site = "privacy_site.staff.StaffSite"
