"""The promise: «We'll process your request within a reasonable timeframe and confirm completion».

Rights requests, complaints and inquiries: deadlines, identity, work in every system, delivery, closing.
The app shares its name with Python's best-known HTTP library, which therefore stays out of our
environments (docs/decisions/0001)."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RequestsConfig(AppConfig):
    name = "requests"
    verbose_name = "Rights requests"

    def ready(self) -> None:
        from audit import outside
        from inventory import objections

        from .changing import ending
        from .erasing import replaying
        from .keeping import vault
        from .saying import letters

        outside.replayers[replaying.ERASURE] = replaying.replay_erasures
        outside.replayers[vault.SHRED] = vault.replay_shreds
        objections.on_end.append(ending.tell_of_the_end)
        post_migrate.connect(letters.load_shipped, sender=self, dispatch_uid="requests.letters")
