class ReferenceConverter:
    """Fifteen signs in three groups, as people read them out; small letters are welcome."""

    regex = "[0-9A-Za-z]{5}-[0-9A-Za-z]{5}-[0-9A-Za-z]{5}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value
