"""The promise: «Parents and guardians can review, modify, or request deletion».

Who a person is, who looks after whom and how sure we are of it; and the staff who serve them."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"
    verbose_name = "People"

    def ready(self) -> None:
        from notices import announcements

        from . import actions

        announcements.on_bounce.append(actions.mark_undeliverable)
