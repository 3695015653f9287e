"""What is measured. The next job is a module beside this one, or a function here, and a line in `JOBS`."""

from argparse import Namespace
from collections.abc import Callable, Iterator

from . import erasing, lists, mailing, recording, registers, requests, retention
from .figures import Figure

Job = Callable[[Namespace], Iterator[Figure]]

# In this order: the first ones need the rules of the tables, which the later ones lift.
JOBS: dict[str, Job] = {
    "recording": lambda arguments: recording.jobs(arguments.rows),
    "mailing": lambda arguments: mailing.jobs(arguments.rows),
    "retention": lambda arguments: retention.jobs(arguments.rows),
    "erasing": lambda arguments: erasing.jobs(arguments.rows),
    "requests": lambda arguments: requests.jobs(arguments.rows),
    "registers": lambda arguments: registers.jobs(arguments.rows),
    "lists": lambda arguments: lists.jobs(arguments.rows, arguments.list),
}
