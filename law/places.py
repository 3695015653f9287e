"""Places as the law rows name them: a country, or a country and region (ISO 3166)."""

from zoneinfo import ZoneInfo

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


# The clock of a place, where a day of receipt is read there: the zone of its capital or largest city.
# fmt: off
ZONES = {
    "AT": "Europe/Vienna", "AU": "Australia/Sydney", "BE": "Europe/Brussels", "BG": "Europe/Sofia",
    "BR": "America/Sao_Paulo", "CA": "America/Toronto", "CH": "Europe/Zurich", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn", "ES": "Europe/Madrid", "FI": "Europe/Helsinki", "FR": "Europe/Paris",
    "GB": "Europe/London", "GR": "Europe/Athens", "HR": "Europe/Zagreb", "HU": "Europe/Budapest",
    "IE": "Europe/Dublin", "IN": "Asia/Kolkata", "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome",
    "JP": "Asia/Tokyo", "KR": "Asia/Seoul", "LI": "Europe/Vaduz", "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg", "LV": "Europe/Riga", "MT": "Europe/Malta", "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo", "NZ": "Pacific/Auckland", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest", "SE": "Europe/Stockholm", "SG": "Asia/Singapore", "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava", "US": "America/New_York", "ZA": "Africa/Johannesburg",
    "CA-AB": "America/Edmonton", "CA-BC": "America/Vancouver", "CA-MB": "America/Winnipeg",
    "CA-NB": "America/Moncton", "CA-NL": "America/St_Johns", "CA-NS": "America/Halifax",
    "CA-SK": "America/Regina", "ES-CN": "Atlantic/Canary", "PT-20": "Atlantic/Azores",
    "US-AK": "America/Anchorage", "US-AL": "America/Chicago", "US-AR": "America/Chicago",
    "US-AZ": "America/Phoenix", "US-CA": "America/Los_Angeles", "US-CO": "America/Denver",
    "US-HI": "Pacific/Honolulu", "US-IA": "America/Chicago", "US-ID": "America/Boise",
    "US-IL": "America/Chicago", "US-KS": "America/Chicago", "US-LA": "America/Chicago",
    "US-MN": "America/Chicago", "US-MO": "America/Chicago", "US-MS": "America/Chicago",
    "US-MT": "America/Denver", "US-ND": "America/Chicago", "US-NE": "America/Chicago",
    "US-NM": "America/Denver", "US-NV": "America/Los_Angeles", "US-OK": "America/Chicago",
    "US-OR": "America/Los_Angeles", "US-SD": "America/Chicago", "US-TN": "America/Chicago",
    "US-TX": "America/Chicago", "US-UT": "America/Denver", "US-WA": "America/Los_Angeles",
    "US-WI": "America/Chicago", "US-WY": "America/Denver",
}
# fmt: on


def zone(where: str) -> ZoneInfo | None:
    """None where we do not know the clock."""
    found = next((ZONES[name] for name in wider(where) if name in ZONES), None)
    return ZoneInfo(found) if found else None
