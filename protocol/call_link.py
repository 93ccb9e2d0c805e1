"""The signed link in a notice: opens one incident on a phone and accepts it with one touch.

Made by the gateway, read by the board; the key lies in the gateway's store. itsdangerous signs
(HMAC with SHA-256), so that there is no cryptography of our own here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

# Until then an unanswered call has long gone up all steps.
VALID_MS = 30 * 60 * 1000
# A token has some 150 characters; whatever is far longer is none.
MAX_CHARACTERS = 512
_SALT = "anling call link 1"


class LinkInvalid(Exception):
    """The token was not made with this key, or it was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLink:
    """What a link says. staff: who accepts by it, "" = whoever of a group says who they are.

    expires_ms: UTC milliseconds.
    """

    incident_id: str
    staff: str
    expires_ms: int

    def is_expired(self, now_ms: int) -> bool:
        return now_ms >= self.expires_ms


def sign(key: str, link: CallLink) -> str:
    """The token of `link`: letters, digits, `-`, `_` and dots. The same link, the same token."""
    return _signer(key).dumps([link.incident_id, link.staff, link.expires_ms])


def read(key: str, token: str) -> CallLink:
    """What the token says. Raises: LinkInvalid."""
    if len(token) > MAX_CHARACTERS:
        raise LinkInvalid
    try:
        incident_id, staff, expires_ms = _signer(key).loads(token)
    except (BadData, UnicodeError) as error:
        raise LinkInvalid from error
    return CallLink(incident_id=incident_id, staff=staff, expires_ms=expires_ms)


def action_id(token: str, staff: str) -> str:
    """The id of the one action that this person can take by this token.

    The gateway takes an action_id once: so a link works once, and for a group once a person.
    """
    return "link-" + hashlib.sha256(f"{token} {staff}".encode()).hexdigest()[:40]


def _signer(key: str) -> URLSafeSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs=how)
