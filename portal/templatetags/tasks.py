from typing import Any

from django import template

register = template.Library()


@register.filter
def of(heading: Any, where: Any) -> str:
    """“Find one person’s data in %(where)s” with the place filled in."""
    return str(heading) % {"where": where}
