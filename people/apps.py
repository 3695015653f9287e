"""The promise: «Parents and guardians can review, modify, or request deletion».

Who a person is, who looks after whom and how sure we are of it; and the staff who serve them."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    name = "people"
    verbose_name = "People"

    def ready(self) -> None:
        from audit import naming
        from notices import announcements

        from . import actions, groups, names, second_factor

        announcements.on_bounce.append(actions.mark_undeliverable)
        naming.namers.append(names.staff_name)
        post_migrate.connect(groups.lay, dispatch_uid="people.groups")
        second_factor.listen()
