"""Words of what a policy leaves uncovered: roles that nobody has, or that nobody is there for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# A fault's name → (what is wrong, what to do).
FAULTS = {
    "role_nobody_has": (
        _l("Asks for roles that nobody has"),
        _l("Add somebody with the role on the page of the team; first aid needs a certificate."),
    ),
    "role_uncovered": (
        _l("At times nobody with the role is there"),
        _l("Plan a shift for it."),
    ),
    "unknown_channel": (
        _l("Names a channel that is gone"),
        _l("Maintenance: look at the channels in gateway.toml."),
    ),
    "unknown_point": (_l("Names a point that is gone"), _l("Change the policy.")),
    "uncovered": (
        _l("Nobody on duty covers this role"),
        _l("Ask somebody in, or sign somebody in to duty on the page of the team."),
    ),
}
# Faults whose detail is worth reading.
NEWS = ("role_nobody_has", "role_uncovered", "unknown_channel", "unknown_point")
DEFAULT_POLICY = "default"


def subject_words(kind: str, name: str) -> str | None:
    """What a fault is about; None for what is not ours."""
    if kind != "policy":
        return None
    return _("The usual policy") if name == DEFAULT_POLICY else _("Policy %(name)s", name=name)


def detail_words(name: str, detail: str, roles: Mapping[str, object]) -> str:
    """A fault's detail with its roles in words; what is none of ours stays as it is."""
    if name not in NEWS:
        return detail
    found = re.sub(r"[a-z_]+", lambda one: str(roles.get(one[0], one[0])), detail)
    return found.replace(", ", str(_(", ")))
