"""The promise: «we'll notify you through email or prominent notices on the platform».

What we told whom, when, and whether it arrived. Recipients are opaque references and
addresses: this room knows nobody (docs/decisions/0005)."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        from audit import outside

        from . import finishing

        outside.replayers[finishing.FINISHED] = finishing.replay_finished
