from datetime import date


class DayConverter:
    """A day people can cite: /versions/2026-03-02/. One spelling only, so one address a version."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()
