"""A worker of its own for the kill tests: `python -m tests.inventory.sweeping` goes on with a sweep."""

import django

if __name__ == "__main__":
    django.setup()

    from django.utils import timezone

    from inventory.letting_go import sweeps
    from inventory.models import Sweep

    sweeps.WINDOW = 20
    for sweep in Sweep.objects.at_work():
        sweeps.run(sweep, at=timezone.now())
