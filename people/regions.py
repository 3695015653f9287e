"""States and provinces, where the law asks which one. Source: ISO 3166-2:US and ISO 3166-2:CA."""

_US = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC "
    "ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR UM VI"
)
_CA = "AB BC MB NB NL NS NT NU ON PE QC SK YT"

KNOWN = {"US": frozenset(_US.split()), "CA": frozenset(_CA.split())}
