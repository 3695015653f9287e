"""The promise: «they're contractually bound to use it only for the specific purposes we've authorized».

Who receives data from us, vetted, under which contract, in which places and under which transfer
mechanism; and who is told when that changes."""

from django.apps import AppConfig


class ProcessorsConfig(AppConfig):
    name = "processors"
    verbose_name = "Processors"

    def ready(self) -> None:
        import inventory.health
        import inventory.record
        from notices.announcements import on_bounce

        from . import health, health_papers, recipients
        from .public_list import subscribing

        inventory.health.checks.extend([*health.CHECKS, *health_papers.CHECKS])
        inventory.record.recipients.append(recipients.recipients)

        on_bounce.append(subscribing.stop_bounced)
