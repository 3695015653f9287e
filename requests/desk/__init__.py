"""The buttons of a case: a verb each, by stage of the work. What a verb does stands in `actions`."""

from . import ends, erasing, law, parts, points, talk, who, work

GROUPS = (
    ("The work", (*work.BUTTONS, *erasing.BUTTONS)),
    ("What is asked", points.BUTTONS),
    ("The copy", parts.BUTTONS),
    ("Words", talk.BUTTONS),
    ("Who asks", who.BUTTONS),
    ("Law and time", law.BUTTONS),
    ("Colleagues", ends.OWNER),
    ("Other cases", ends.LINKS),
    ("End it", ends.BUTTONS),
)
BUTTONS = tuple(button for _title, buttons in GROUPS for button in buttons)
