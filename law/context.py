from django.http import HttpRequest

from .models import Company


def company(request: HttpRequest) -> dict[str, Company]:
    """`{{ company }}` in every template: name, contact, hours."""
    return {"company": Company.current()}
