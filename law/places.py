"""Places as the law rows name them: a country, or a country and region (ISO 3166)."""

# Where an unknown law is guessed as Europe's: the EEA, the United Kingdom, Switzerland and
# the small states between (house convention; the age itself is company data).
# fmt: off
EUROPE = frozenset({
    "AD", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "SM", "VA",
})
# fmt: on


def place(country: str, region: str = "") -> str:
    return f"{country}-{region}" if country and region else country


def wider(where: str) -> tuple[str, ...]:
    """The place itself, then the country it lies in: US-CA → US-CA, US."""
    country = where.split("-")[0]
    return (where, country) if where != country else (where,)
