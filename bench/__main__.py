"""Started by bin/bench, which gives it a database of its own."""

import argparse
import os

import django

if not os.environ.get("DATABASE_URL", "").endswith("/privacy_bench"):
    raise SystemExit("This empties its database. Start it with bin/bench, which makes one for it.")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacy_site.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from bench import jobs  # noqa: E402
from bench.figures import Figure, machine, table  # noqa: E402


def main() -> None:
    arguments = _arguments()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    figures: list[Figure] = []
    for name, job in jobs.JOBS.items():
        if arguments.only in ("", name):
            for figure in job(arguments):
                print("  ".join(figure.cells), flush=True)
                figures.append(figure)
    print(f"\n{table(figures)}\n\n{machine()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measure the heavy work at a million rows."
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows in a table (1,000,000)")
    parser.add_argument("--only", default="", choices=["", *jobs.JOBS], help="one kind of job")
    parser.add_argument(
        "--list", default="", metavar="NAME", help="only lists whose model's name holds this: Notice"
    )
    return parser.parse_args()


main()
