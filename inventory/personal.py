from audit.personal import exclude

from .models import System

exclude(
    System, "The work address of whoever answers for a system: a colleague or a team, kept by the employer."
)
