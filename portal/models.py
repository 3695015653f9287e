from django.db import models


class Attempt(models.Model):
    """How often one thing was tried by one visitor or for one address, until its hour is over.

    A row and not a cache entry: `limits` counts in the database, so a burst at once is counted too."""

    key = models.CharField(max_length=64, primary_key=True, editable=False)
    tries = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tries} tries"
