"""The button that merges a company into the one it is, under another spelling."""

from typing import Any

from django import forms
from django.http import HttpRequest

from audit.admin import Button, Consequences
from processors import twins
from processors.models import Processor


class MergeForm(forms.Form):
    """`initial["processor"]` is the twin; the likeliest company is proposed."""

    into = forms.ModelChoiceField(Processor.objects.filter(merged_into=None), label="The company it is")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        twin: Processor = self.initial["processor"]
        into: Any = self.fields["into"]
        into.queryset = Processor.objects.filter(merged_into=None).exclude(pk=twin.pk)
        likely = twins.likely_twins(twin)[:5]
        if likely:
            into.initial = likely[0].pk
            into.help_text = f"By their names: {', '.join(map(str, likely))}."


def merging(processor: Processor, request: HttpRequest) -> Consequences:
    return Consequences(
        question=f"Is “{processor}” another company of this list?",
        happens=[
            *_moving(processor),
            "Where both have the same place, activity, system, sub-processor or transfer, one of them remains.",
            f"“{processor}” ends today. Lists that name it are read as the other company from now on.",
            "If people were told of it, its departure waits under Sub-processor changes: record it there as a "
            "correction.",
        ],
        not_=["What was told in public stays in the history under the name it had then."],
        irreversible=["The two cannot be taken apart again."],
        submit="Merge",
    )


def _moving(processor: Processor) -> list[str]:
    kinds = {
        "contracts": processor.contracts, "reviews": processor.reviews, "transfers": processor.transfers,
        "places": processor.places, "activities it receives": processor.receives, "systems": processor.hosts,
        "sub-processors": processor.subprocessors, "companies that use it": processor.used_by,
    }  # fmt: skip
    counts = {noun: rows.count() for noun, rows in kinds.items()}
    moving = ", ".join(f"{noun}: {count}" for noun, count in counts.items() if count)
    return (
        [f"This moves to the other company: {moving}."]
        if moving
        else ["Nothing hangs on it that would move."]
    )


MERGE = Button(
    verb="merge",
    label="Merge into…",
    action=twins.merge,
    permission="processors.approve_processor",
    danger=True,
    form_class=MergeForm,
    initial=lambda processor: {"processor": processor},
    shown=lambda processor: processor.merged_into_id is None,
    consequences=merging,
    done=lambda processor, into: f"“{processor}” is merged into “{into}”.",
)
