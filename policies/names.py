from collections.abc import Collection

from .models import Policy, PolicyVersion


def names(kind: str, refs: Collection[str]) -> dict[str, str]:
    """How the desk calls policies and their versions; nothing for what is not ours."""
    wanted = [int(ref) for ref in refs if ref.isdecimal()]
    if kind == PolicyVersion._meta.label_lower:
        versions = PolicyVersion.objects.select_related("policy").filter(pk__in=wanted)
        return {str(version.pk): str(version) for version in versions}
    if kind == Policy._meta.label_lower:
        return {str(policy.pk): str(policy) for policy in Policy.objects.filter(pk__in=wanted)}
    return {}
