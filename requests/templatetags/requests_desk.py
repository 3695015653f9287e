from django import template

from law.models import Company
from requests.models import RightsRequest

register = template.Library()


@register.simple_tag
def urgency_of(case: RightsRequest) -> str:
    """The class of the color: late, soon or calm."""
    from requests.admin import urgency

    return urgency(case, Company.current().today())[1] if case.is_open else "calm"
