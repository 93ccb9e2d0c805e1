"""What a message channel answered, in the language of the page, with its own words after that.

The gateway writes down what it was told, in English and with the service's own text. Somebody who
has to mend the channel needs that text; whoever reads the page needs to know what it means.
"""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# What the group robots mean by their numbers.
# Source: the manuals of DingTalk (errcode), WeCom (errcode) and Feishu (code) for group robots.
_RULES = _l("The group's robot refuses it: its keyword, signature or allowed addresses do not fit.")
_ADDRESS = _l("The group's robot is not known there: look at its address.")
_TOO_FAST = _l("The service takes no more for now: too many messages in a short time.")
CODES = {
    **dict.fromkeys(("errcode 310000", "code 19021", "code 19022", "code 19024"), _RULES),
    **dict.fromkeys(("errcode 300001", "errcode 93000", "code 19001"), _ADDRESS),
    **dict.fromkeys(
        ("errcode 130101", "errcode 410100", "errcode 45009", "code 9499", "code 11232"),
        _TOO_FAST,
    ),
}
# The beginning, or a piece, of what the gateway's channels say → what that means.
MEANINGS = (
    (r"^it refused: ", _l("The service refused the message.")),
    (r"^it answered with status [45]0[134]\b", _l("The service does not accept this address.")),
    (r"^it answered with status 429\b", _TOO_FAST),
    (r"^it answered with status ", _l("The service reported an error.")),
    (r"^its answer ", _l("The service's answer makes no sense: look at the address.")),
    (r"^no connection to the broker$", _l("No connection to the broker")),
    (r"^the broker did not confirm it$", _l("The broker did not confirm the message.")),
    (
        r"^no connection to ",
        _l("The service cannot be reached: look at the network and the address."),
    ),
    (r"^no safe connection to ", _l("The service's certificate does not fit.")),
    (r"^no answer from |^the answer took longer ", _l("The service did not answer in time.")),
    (r" could not be asked |^no usable answer ", _l("The service could not be asked.")),
    (r" notices are waiting already$", _l("Too many messages are waiting for it already.")),
    (
        r"^Apprise cannot use the address|^it cannot be used ",
        _l("This channel cannot be used as it is configured."),
    ),
    (r"^a test message has had no result", _l("A test message has had no result for minutes.")),
    (r"^a newer notice of the same call ", _l("A newer message of the same call replaced it.")),
    (r"^the call has ended: ", _l("The call had ended: nobody need come any more.")),
    (r"^this channel is no longer configured$", _l("This channel is no longer configured.")),
    (r"^not delivered; the service did not say why$", _l("The service did not say why.")),
)


# What no service has said, but we: the meaning says it all.
OURS = re.compile("^(a newer notice |the call has ended|this channel is no longer|not delivered; )")


def answer_words(detail: str) -> str:
    """What the answer means, and the answer; the answer alone where nobody knows what it means."""
    meaning = _meaning(detail)
    if OURS.search(detail):
        return meaning
    return _("%(meaning)s (%(answer)s)", meaning=meaning, answer=detail) if meaning else detail


def _meaning(detail: str) -> str:
    refused = re.match(r"it refused: (\w+ -?\d+)", detail)
    if refused and refused[1] in CODES:
        return str(CODES[refused[1]])
    return next((str(means) for form, means in MEANINGS if re.search(form, detail)), "")
