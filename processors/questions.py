"""What a processor is asked before it receives anything: the vetting questionnaire as data."""

import csv
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from .models import Processor, Review

FILE = Path(__file__).parent / "data" / "questions.csv"


@dataclass(frozen=True)
class Question:
    code: str
    section: str
    question: str
    kind: str  # yes_no or text
    applies_to: str  # a kind of processor; empty: everybody


@cache
def every_question() -> tuple[Question, ...]:
    with FILE.open(newline="", encoding="utf-8") as lines:
        return tuple(Question(**row) for row in csv.DictReader(lines))


def questions_for(processor: Processor) -> list[Question]:
    return [question for question in every_question() if question.applies_to in ("", processor.kind)]


def unanswered(review: Review) -> list[str]:
    """The questions nobody has answered yet, in words."""
    answers: dict[str, Any] = review.answers
    return [
        question.question
        for question in questions_for(review.processor)
        if not str(answers.get(question.code, "")).strip()
    ]


def sections(questions: list[Question]) -> list[tuple[str, list[Question]]]:
    return [(name, list(rows)) for name, rows in groupby(questions, key=lambda question: question.section)]
