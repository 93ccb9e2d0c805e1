"""Words of policies, of who refuses, offers and stands in, and of roles that nobody covers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

AUDIENCES = {
    "kind": _l("The roles that the call asks for"),
    "on_duty": _l("Everybody on duty"),
    "lead": _l("The duty lead"),
    "roles": _l("These roles"),
    "outside": _l('Every screen: "call 120 / 110 now"'),
}
REFUSALS = {"refuse": _l("will not come"), "busy": _l("is busy")}
# A fault's name → (what is wrong, what to do).
FAULTS = {
    "policy_tells_few": (
        _l("Tells neither everybody on duty nor the lead within ten minutes"),
        _l("Add a step to the policy that tells them."),
    ),
    "policy_only_outside": (
        _l("Calls for help from outside before anybody of the branch is asked to come"),
        _l("Let its first step tell the people who are there."),
    ),
    "policy_never_outside": (
        _l('Does not come to "call 120 / 110 now" within half an hour'),
        _l("Let its last step tell every screen."),
    ),
    "policy_waits_long": (
        _l("Waits very long before people are told again"),
        _l("Shorten it in the policy: minutes count."),
    ),
    "channels_for_others": (
        _l("Tells people through channels that are for others"),
        _l("Choose channels in that step which they hear too."),
    ),
    "role_nobody_has": (
        _l("Asks for a role that nobody of the team has"),
        _l("Give somebody the role, or name who stands in."),
    ),
    "role_uncovered": (
        _l("Asks for a role that nobody covers at some time of the coming week"),
        _l("Plan a shift there, or name who stands in."),
    ),
    "role_lacking": (
        _l("Does not cover a role that the post asks for"),
        _l("Plan somebody else there, or give them the role."),
    ),
    "unknown_channel": (
        _l("Tells through a channel that is there no more"),
        _l("Choose other channels in the policy."),
    ),
    "unknown_point": (_l("Is for a point that is there no more"), _l("Look at its points.")),
    "uncovered": (
        _l("Nobody on duty covers this role now"),
        _l("Call somebody in, or name who stands in."),
    ),
}
# Those whose detail says which.
NEWS = frozenset(
    {
        *("policy_waits_long", "channels_for_others", "unknown_channel", "unknown_point"),
        *("role_lacking", "role_nobody_has", "role_uncovered"),
    }
)
DEFAULT_POLICY = "default"
WHYS = {
    "ring": _l("Rang again"),
    "stand_in": _l("Asked to stand in"),
    "needed": _l("Needed there"),
    "offer": _l("Offered"),
    "declined": _l("Not taken over"),
    "offer_lapsed": _l("Not answered"),
}

Speak = Callable[[Mapping[str, object], Mapping[str, str]], str]


def subject_words(name: str, labels: Mapping[str, str]) -> str:
    """What a fault of a policy is about; the default one has no name of its own."""
    if name == DEFAULT_POLICY:
        return _("Policy %(name)s", name=_("All other calls"))
    return _("Policy %(name)s", name=labels.get(f"policy/{name}") or name)


def detail_words(name: str, detail: str, roles: Mapping[str, object]) -> str:
    """A fault's detail with its roles in words; what is none of ours stays as it is."""
    if name == "policy_waits_long":
        return ", ".join(_waiting(one) for one in detail.split(", "))
    if name == "channels_for_others":
        return _("step %(numbers)s", numbers=detail)
    if not name.startswith("role_"):
        return detail
    found = re.sub(r"[a-z_]+", lambda one: str(roles.get(one[0], one[0])), detail)
    return found.replace(", ", _(", "))


def _waiting(said: str) -> str:
    """Which clock of a policy waits for how long; said: such as arrival_s 3600."""
    name, _space, seconds = said.partition(" ")
    words = {
        "repeat_s": _("Told again while nobody accepts"),
        "arrival_s": _("Told again when nobody arrives"),
        "close_s": _("Told again when nobody closes"),
        "offer_s": _("An offer lapses"),
    }
    return f"{words.get(name, name)}: {seconds} s"


def _of(detail: Mapping[str, object], key: str) -> str:
    value = detail.get(key)
    return value if isinstance(value, str) else ""


def _named(sentence: Callable[[str], str], key: str) -> Speak:
    def speak(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
        staff = _of(detail, key)
        return sentence(names.get(staff, staff))

    return speak


def _refused(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _("Is busy") if detail.get("how") == "busy" else _("Will not come")


def _rung(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _("Rings again each %(seconds)d s", seconds=detail.get("every_s") or 0)


def substituted(roles: Mapping[str, object]) -> Speak:
    """How an entry of standing in reads. roles: the words for roles."""

    def speak(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
        role, instead = _of(detail, "role"), _of(detail, "instead")
        return _(
            "%(instead)s stands in for %(role)s",
            instead=str(roles.get(instead, instead)),
            role=str(roles.get(role, role)),
        )

    return speak


SPOKEN: Mapping[str, Speak] = {
    "refused": _refused,
    "rung": _rung,
    "offered": _named(lambda name: _("Offered to %(name)s", name=name), "to"),
    "taken_over": _named(lambda name: _("Taken over from %(name)s", name=name), "from"),
    "declined": _named(lambda name: _("Not taken over from %(name)s", name=name), "from"),
    "offer_lapsed": _named(
        lambda name: _("%(name)s did not answer; the owner stays", name=name), "to"
    ),
}
