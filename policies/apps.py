"""The promise: «When we make significant modifications, we'll notify you through email or
prominent notices on the platform».

What we published, when, how much it changes, and that everyone concerned was told before it took
effect. «Continued use … indicates your acceptance» is a sentence we do not act on: use is never
consent (GDPR Art. 4(11); design, truth 5)."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "policies"
    verbose_name = "Policies"

    def ready(self) -> None:
        from audit import naming

        from . import names

        naming.describers.append(names.names)
