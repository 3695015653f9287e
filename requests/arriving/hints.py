"""What a text seems to ask for besides. A hint for a colleague, never a deed: three in a hundred write
“delete my account” into a request for a copy and mean the copy (Pavur & Knerr 2019)."""

import re

from requests.models import Right, RightsRequest

# The words people use, in the languages we write in.
WORDS = {
    Right.ERASURE: r"\b(delet\w*|eras\w*|remove my|close my account|borr\w+|elimin\w+|supprim\w+|effac\w+|lösch\w*)",
    Right.ACCESS: r"\b(copy of|what (?:data|information) (?:do )?you|copia de|une copie|kopie|auskunft)",
    Right.RECTIFICATION: r"\b(correct (?:my|the|this)|wrong (?:name|birth|address)|rectific\w+|corrig\w+|rectifi\w+|berichtig\w*|falsch\w*)",
    Right.OPT_OUT: r"\b(do not sell|don.t sell|no vend\w+|ne (?:pas )?vend\w+|nicht verkauf\w*)",
    Right.OBJECTION: r"\b(stop using|object to|me opongo|je m.oppose|widersprech\w*|widerspruch)",
    Right.COMPLAINT: r"\b(complain\w*|queja|reclamaci\w+|plainte|réclamation|beschwer\w*)",
}


def other_rights(request: RightsRequest) -> list[Right]:
    """Rights the free text seems to speak of, besides the one asked for and those asked for along."""
    text = request.particulars.details if hasattr(request, "particulars") else ""
    known = {request.right, *_asked_along(request)}
    return [
        right
        for right, words in WORDS.items()
        if right not in known and re.search(words, text, re.IGNORECASE)
    ]


def _asked_along(request: RightsRequest) -> set[str]:
    if request.submission is None:
        return set()
    same = RightsRequest.objects.filter(submission=request.submission)
    return set(same.values_list("right", flat=True))


def sentences(request: RightsRequest) -> list[str]:
    return [
        f"The text may also ask for {right.label}. Read it, and ask; nothing happens by itself."
        for right in other_rights(request)
    ]
