from audit.personal import exclude

from .models import Processor, Subscription

exclude(Processor, "Contacts a company gives its customers, for as long as it works for us.")
exclude(
    Subscription,
    "It keeps a clock of its own: the address is emptied the moment the subscription ends, one nobody "
    "confirmed is deleted with its link, and no row leads from it to a person.",
)
