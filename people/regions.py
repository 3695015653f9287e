"""States and provinces, where the law asks which one. Source: ISO 3166-2:US and ISO 3166-2:CA."""

from django_countries import countries

_US = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC "
    "ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR UM VI"
)
_CA = "AB BC MB NB NL NS NT NU ON PE QC SK YT"

KNOWN = {"US": frozenset(_US.split()), "CA": frozenset(_CA.split())}

# As people there write them; shown in the public form.
_NAMES = {
    "US": "AL Alabama|AK Alaska|AS American Samoa|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|"
    "DE Delaware|DC District of Columbia|FL Florida|GA Georgia|GU Guam|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|"
    "IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|"
    "MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|"
    "NY New York|NC North Carolina|ND North Dakota|MP Northern Mariana Islands|OH Ohio|OK Oklahoma|OR Oregon|"
    "PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|"
    "UM U.S. Outlying Islands|VI U.S. Virgin Islands|UT Utah|VT Vermont|VA Virginia|WA Washington|"
    "WV West Virginia|WI Wisconsin|WY Wyoming",
    "CA": "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|"
    "NT Northwest Territories|NS Nova Scotia|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Québec|"
    "SK Saskatchewan|YT Yukon",
}


def called(place: str) -> str:
    """“US-CA” as “California, United States of America”; a place nobody knows stays as it is written."""
    country, _, region = place.partition("-")
    name = str(countries.name(country))
    if not name or not region:
        return name or place
    return f"{dict(names_of(country)).get(region, region)}, {name}"


def names_of(country: str) -> list[tuple[str, str]]:
    """Code and name of each region of a country whose regions matter, by name."""
    entries = (entry.split(" ", 1) for entry in _NAMES.get(country, "").split("|") if entry)
    return [(code, name) for code, name in entries]
