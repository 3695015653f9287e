"""What a row's state is has one author: the room's actions. A second one would skip the guards,
the audit line and the telling."""

import ast
from collections.abc import Iterator

import pytest

from .places import modules

STATES = {"status", "stage", "authority"}
# Elsewhere these words also name what an import made of a row.
STATES_OF_CASES = STATES | {"outcome", "verdict"}
AUTHORS = {"actions.py"}
# The mail queues claim and mark by the thousand, so their writes lie in modules of their own.
# Holds and sweeps have actions of their own: together with the registers' they would fill two modules.
# A twin ends past the table of transitions, which is about companies; its module says why.
# A case moves in `moves`, under all of its actions; tasks move in `work`, verdicts fall in `identity`.
ALSO = {
    "notices/queue.py",
    "notices/mail.py",
    "inventory/letting_go/holds.py",
    "inventory/letting_go/sweeps.py",
    "processors/twins.py",
    "requests/moves.py",
    "requests/others/work.py",
    "requests/proving/identity.py",
    "requests/arriving/matching.py",  # an agent's authority is a text, no state
}


def writes(tree: ast.AST, states: set[str] = STATES) -> Iterator[int]:
    """Lines that set a state: `row.status = …`, `setattr(row, "status", …)`, `.update(status=…)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets) if any(_is_state(target, states) for target in targets):
                yield node.lineno
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target) if _is_state(target, states):
                yield node.lineno
            case ast.Call(func=ast.Name("setattr"), args=[_, ast.Constant(name), *_]) if name in states:
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr="update"), keywords=keywords) if any(
                keyword.arg in states for keyword in keywords
            ):
                yield node.lineno


def _is_state(target: ast.expr, states: set[str]) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return any(_is_state(element, states) for element in target.elts)
    return isinstance(target, ast.Attribute) and target.attr in states


def test_a_state_is_written_by_actions_only():
    elsewhere = [
        f"{path}:{line}"
        for path, tree in modules()
        if path.name not in AUTHORS and path.as_posix() not in ALSO
        for line in writes(tree, STATES_OF_CASES if path.parts[0] == "requests" else STATES)
    ]

    assert elsewhere == []


@pytest.mark.parametrize(
    "code",
    [
        "version.status = Status.DRAFT",
        "a, version.status = 1, 2",
        "setattr(row, 'authority', 'verified')",
        "rows.filter(pk=1).update(status='sent', sent_at=now)",
    ],
)
def test_the_scan_finds_each_way_of_writing_one(code):
    assert list(writes(ast.parse(code))) == [1]


def test_the_scan_leaves_reading_and_declaring_alone():
    code = "status = CharField()\nif row.status == 'x': rows.filter(status='y')"

    assert list(writes(ast.parse(code))) == []
