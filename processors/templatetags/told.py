"""A change as its reader reads it: `{% include "notices/processors/_change.txt" with told=change|as_text %}`."""

from django import template

from processors.models import SubprocessorChange
from processors.public_list import words

register = template.Library()


@register.filter
def as_text(change: SubprocessorChange) -> words.Words:
    return words.of(change)


@register.filter
def as_html(change: SubprocessorChange) -> words.Words:
    """With `lang` around what staff wrote in English."""
    return words.of(change, words.HTML)


@register.filter
def own_words(text: str) -> str:
    """Staff's English on a page in another language."""
    return words.HTML.own(text)
