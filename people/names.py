from audit.actors import Actor, ActorKind

from .models import User


def staff_name(actor: Actor) -> str:
    """How the desk calls a colleague; nothing for everybody else, who stays a reference."""
    if actor.kind != ActorKind.STAFF or not actor.ref.isdecimal():
        return ""
    user = User.objects.filter(pk=int(actor.ref)).first()
    return user.get_short_name() if user else ""
