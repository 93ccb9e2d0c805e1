"""A month's findings as sentences for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

from dashboard.pages import words
from dashboard.pages.times import duration, lasting
from dashboard.review.findings import Finding

Labels = Mapping[str, str]


def sentence(finding: Finding, labels: Labels) -> str:
    """The finding in one sentence; its name for one we do not know. labels: names of points."""
    speak = _SPOKEN.get(finding.name)
    return speak(finding, labels) if speak else finding.name


def _no_calls(finding: Finding, labels: Labels) -> str:
    return _("No calls in this month or the one before.")


def _calls(finding: Finding, labels: Labels) -> str:
    count, before = finding.values["count"], finding.values["before"]
    calls = ngettext("%(num)d real call", "%(num)d real calls", count)
    return _("%(calls)s; %(before)d in the month before.", calls=calls, before=before)


def _still_open(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d call is still open.", "%(num)d calls are still open.", finding.values["count"]
    )


def _untimed(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d call could not be timed.",
        "%(num)d calls could not be timed.",
        finding.values["count"],
    )


def _slow(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d call waited more than %(seconds)d s.",
        "%(num)d calls waited more than %(seconds)d s.",
        finding.values["count"],
        seconds=finding.values["seconds"],
    )


def _none_slow(finding: Finding, labels: Labels) -> str:
    return _("No accepted call waited more than %(seconds)d s.", seconds=finding.values["seconds"])


def _slower(finding: Finding, labels: Labels) -> str:
    return _(
        "Half of the calls were accepted within %(now)s; the month before within %(before)s."
        " That is %(percent)d %% slower.",
        **_speeds(finding),
    )


def _faster(finding: Finding, labels: Labels) -> str:
    return _(
        "Half of the calls were accepted within %(now)s; the month before within %(before)s."
        " That is %(percent)d %% faster.",
        **_speeds(finding),
    )


def _speeds(finding: Finding) -> dict[str, object]:
    values = finding.values
    return {
        "now": duration(values["now_ms"]),
        "before": duration(values["before_ms"]),
        "percent": values["percent"],
    }


def _uncovered(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(role)s did not come to %(num)d call of the %(asked)d that asked for it.",
        "%(role)s did not come to %(num)d calls of the %(asked)d that asked for it.",
        finding.values["count"],
        role=words.word(words.ROLES, finding.subject),
        asked=finding.values["asked"],
    )


def _all_covered(finding: Finding, labels: Labels) -> str:
    return _("Every role that was asked for came.")


def _false_calls(finding: Finding, labels: Labels) -> str:
    return _(
        "%(place)s: %(count)d of %(calls)d calls were false. Look at the button's place.",
        place=labels.get(finding.subject, finding.subject),
        count=finding.values["count"],
        calls=finding.values["calls"],
    )


def _notices_failed(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "Channel %(channel)s: %(num)d message of %(sent)d was not delivered.",
        "Channel %(channel)s: %(num)d messages of %(sent)d were not delivered.",
        finding.values["count"],
        channel=finding.subject,
        sent=finding.values["sent"],
    )


def _long_fault(finding: Finding, labels: Labels) -> str:
    subject, _blank, name = finding.subject.rpartition(" ")
    what, _remedy = words.fault_words(name, subject)
    return _(
        "%(subject)s: %(what)s, for %(time)s altogether.",
        subject=words.subject_words(subject, labels),
        what=what,
        time=lasting(finding.values["lasted_ms"] // 1000),
    )


def _more_long_faults(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d more fault lasted for more than an hour.",
        "%(num)d more faults lasted for more than an hour.",
        finding.values["count"],
    )


def _complaints_late(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d complaint was not answered by its due date.",
        "%(num)d complaints were not answered by their due dates.",
        finding.values["count"],
    )


def _first_looks_late(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d complaint was not looked into within a day.",
        "%(num)d complaints were not looked into within a day.",
        finding.values["count"],
    )


def _followups_overdue(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d follow-up is overdue.",
        "%(num)d follow-ups are overdue.",
        finding.values["count"],
    )


def _buttons_untested(finding: Finding, labels: Labels) -> str:
    return ngettext(
        "%(num)d button is overdue for its test.",
        "%(num)d buttons are overdue for their test.",
        finding.values["count"],
    )


def _drills(finding: Finding, labels: Labels) -> str:
    return ngettext("%(num)d drill.", "%(num)d drills.", finding.values["count"])


def _no_drills(finding: Finding, labels: Labels) -> str:
    return _("No drill in this month.")


_SPOKEN: Mapping[str, Callable[[Finding, Labels], str]] = {
    "no_calls": _no_calls,
    "calls": _calls,
    "still_open": _still_open,
    "untimed": _untimed,
    "slow": _slow,
    "none_slow": _none_slow,
    "slower": _slower,
    "faster": _faster,
    "uncovered": _uncovered,
    "all_covered": _all_covered,
    "false_calls": _false_calls,
    "notices_failed": _notices_failed,
    "long_fault": _long_fault,
    "more_long_faults": _more_long_faults,
    "complaints_late": _complaints_late,
    "first_looks_late": _first_looks_late,
    "followups_overdue": _followups_overdue,
    "buttons_untested": _buttons_untested,
    "drills": _drills,
    "no_drills": _no_drills,
}
