"""Reading a CSV file that a person made: any delimiter, any line end, bounded memory, no surprises.

A file that is not what it should be is refused whole (`FileRefused`), before any row is looked at.
A row that cannot be read is one bad row: reading goes on behind it."""

import csv
import difflib
import hashlib
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import BinaryIO, TextIO

LONGEST_LINE = 64 * 1024  # characters; the longest honest row here is a few hundred
MOST_LINES_IN_A_ROW = 20  # a quoted cell may break lines; an unclosed quote may not swallow the file


class FileRefused(Exception):
    """The file as a whole cannot be used. The message is one plain sentence."""


class RowUnreadable(Exception):
    """Raised inside the csv module's reader, to stop it at a line that is too long."""


@dataclass(frozen=True)
class Row:
    """One record: the line it starts on, and its cells by column, or why it cannot be read."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def sha256(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def rows(
    file: BinaryIO,
    columns: Sequence[str],
    *,
    aliases: Mapping[str, str] = {},
    optional: Collection[str] = (),
) -> Iterator[Row]:
    """Every row that is not empty. Raises FileRefused for a bad header, also for bad bytes further on.

    `aliases`: other people's column names, in lower case, and ours for each. A column that is `optional`
    may be missing from the file, and then from the cells."""
    text = TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        yield from _rows(text, _Columns(columns, aliases, optional))
    except UnicodeError:
        raise FileRefused(
            "The file is not in UTF-8. Save it as “CSV UTF-8” in the spreadsheet program and try again."
        ) from None
    finally:
        text.detach()  # the caller opened the file and closes it


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused("This is a spreadsheet or zip file. Save it as “CSV UTF-8” and try again.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.count(b"\0") > len(start) // 4:
        raise FileRefused(
            "The file looks like UTF-16 without its mark. Save it as “CSV UTF-8” and try again."
        )
    return "utf-8-sig"


@dataclass(frozen=True)
class _Columns:
    """What the header may say."""

    names: Sequence[str]
    aliases: Mapping[str, str]
    optional: Collection[str]

    def __str__(self) -> str:
        return ", ".join(self.names)

    def name(self, cell: str) -> str:
        """Ours for what stands in the header, or what stands there."""
        said = " ".join(cell.lower().split())
        return self.aliases.get(said, said)


def _rows(text: TextIO, columns: _Columns) -> Iterator[Row]:
    lines = _Lines(text)
    header, delimiter = _header(lines, columns)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except RowUnreadable:
            yield Row(lines.first, problem="The row is too long to be a row of this file.")
            lines.resume_after_first()
        except csv.Error:
            yield Row(lines.first, problem="The quotes in this row do not match.")
            lines.resume_after_first()
        else:
            if any(cell.strip() for cell in cells):
                yield _row(lines.first, header, cells)


def _row(line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(header):
        return Row(line, problem=f"The row has {len(cells)} cells; the header has {len(header)}.")
    return Row(line, dict(zip(header, cells, strict=True)))


def _is_too_long(line: str) -> bool:
    return len(line) >= LONGEST_LINE and line[-1] not in "\r\n"


class _Lines:
    """Physical lines for the csv module, never more than it may need, with a way back."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.number = 0
        self.first = 1
        self.taken: list[str] = []
        self.returned: deque[str] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES_IN_A_ROW:
            raise csv.Error("a quote is never closed")
        line = self.returned.popleft() if self.returned else self._read()
        if not line:
            if self.taken:
                raise csv.Error("the file ends inside a quote")
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if _is_too_long(line):
            raise RowUnreadable
        return line

    def _read(self) -> str:
        """The next line; of one that is too long, its beginning."""
        line = rest = self.text.readline(LONGEST_LINE)
        while _is_too_long(rest):
            rest = self.text.readline(LONGEST_LINE)
        return line

    def begin(self) -> None:
        """A new row starts with the next line."""
        self.taken.clear()
        self.first = self.number + 1

    def resume_after_first(self) -> None:
        """The row was broken: take only its first line as lost, read the others again."""
        self.returned.extendleft(reversed(self.taken[1:]))
        self.number = self.first


def _header(lines: _Lines, columns: _Columns) -> tuple[list[str], str]:
    """The column names in the file's order, and the delimiter that separates them."""
    lines.begin()
    try:
        first = next(lines)
    except StopIteration:
        raise FileRefused(f"The file is empty. Its first line names the columns: {columns}.") from None
    except RowUnreadable:
        raise FileRefused("The first line is too long to be a header.") from None
    delimiter = max(",;\t", key=first.count)
    try:
        names = [columns.name(cell) for cell in next(csv.reader([first], delimiter=delimiter))]
    except csv.Error:
        raise FileRefused("The header cannot be read: its quotes do not match.") from None
    _refuse_header(names, columns)
    return names, delimiter


def _refuse_header(names: Sequence[str], columns: _Columns) -> None:
    # A file without a header begins with somebody's data: never repeat what stands there.
    if not set(names) & set(columns.names):
        raise FileRefused(f"The first line must name the columns: {columns}.")
    for position, name in enumerate(names, 1):
        if name not in columns.names:
            raise FileRefused(f"Column {position} is not one of ours{_did_you_mean(name, columns)}.")
        if names.index(name) != position - 1:
            raise FileRefused(f"The column {name} stands twice in the header.")
    needed = [name for name in columns.names if name not in columns.optional]
    if missing := [name for name in needed if name not in names]:
        word = "column is" if len(missing) == 1 else "columns are"
        raise FileRefused(f"The {word} missing from the header: {', '.join(missing)}.")


def _did_you_mean(name: str, columns: _Columns) -> str:
    near = difflib.get_close_matches(name[:64], [*columns.names, *columns.aliases], n=1)
    return f" (did you mean {near[0]}?)" if near else f"; ours are {columns}"
