"""What a list that was brought in left open: nobody can tell people where such data comes from."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Q

from .health import Check
from .models import DataCategory


def _open(on: date) -> Iterator[tuple[DataCategory, str]]:
    for category in DataCategory.objects.filter(Q(origin="") | Q(whose=[]), is_never_held=False):
        parts = [("where it comes from", category.origin), ("whose data it is", category.whose)]
        yield (
            category,
            f"“{category}” does not say {' and '.join(words for words, said in parts if not said)}.",
        )


CHECKS = [
    Check(
        code="category-open",
        title="Data that does not say where it comes from, or whose it is",
        cure="Choose it on the page of the category.",
        find=_open,
    ),
]
