"""How what a case sealed and wrote down about people goes, when its time is over."""

from datetime import datetime

from django.db.models import Case, Value, When

from audit.personal import Rows
from requests.keeping import files, vault
from requests.models import Answer, CopyPart, CopyPartQuerySet, IdentityDocument, SealedFile, TaskFile

# What stands where the words of an exception stood, which the database asks for.
NO_WORDS = "–"


def parts(found: CopyPartQuerySet) -> int:
    """With what was sealed for them alone; a file handed over is left to its task."""
    gone = list(found.order_by("pk"))
    for part in gone:
        for path in filter(None, (part.path, part.redacted_path)):
            vault.remove(path)
    CopyPart.objects.filter(pk__in=[part.pk for part in gone]).delete()
    return len(gone)


def parts_with_files(rows: Rows, at: datetime) -> int:
    """What was withheld from a copy, originals and all: the case itself goes."""
    numbers = list(rows.values_list("pk", flat=True))
    if not numbers:
        return 0
    found = CopyPart.objects.filter(pk__in=numbers)
    handed_over = list(found.filter(file__isnull=False).values_list("file", flat=True))
    count = parts(found)
    while files.destroy(TaskFile.objects.filter(pk__in=handed_over), at=at):
        pass
    return count


def words_of_answers(rows: Rows, at: datetime) -> int:
    """What owners of systems wrote; that they answered, and how, stays."""
    empty = Case(When(answer=Answer.EXCEPTION, then=Value(NO_WORDS)), default=Value(""))
    return rows.update(answer_text=empty)


def unclaimed(*, at: datetime) -> int:
    """Sealed for something that never came to be, because a worker was killed in between. At least a day old."""
    old = SealedFile.objects.filter(sealed_at__lt=at - vault.LEFTOVER_AFTER).order_by("pk")
    for claim in (
        TaskFile.objects.exclude(path="").values("path"),
        CopyPart.objects.exclude(path="").values("path"),
        CopyPart.objects.exclude(redacted_path="").values("redacted_path"),
        IdentityDocument.objects.exclude(path="").values("path"),
    ):
        old = old.exclude(path__in=claim)
    paths = list(old.values_list("path", flat=True)[: vault.WINDOW])
    for path in paths:
        vault.remove(path)
    return len(paths)
