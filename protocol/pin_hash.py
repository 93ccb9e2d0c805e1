"""Whether a text is the hash of a PIN, against which a board can test one in reasonable time.

Source: werkzeug.security.generate_password_hash, which writes `method$salt$hash`.
"""

from __future__ import annotations

import hashlib
import re

_SCRYPT = re.compile(
    r"scrypt:(\d{1,9}):(\d{1,9}):(\d{1,9})\$[^$]+\$[0-9a-f]{128}(?![\s\S])", re.ASCII
)
_PBKDF2 = re.compile(r"pbkdf2:([a-z0-9_]+):(\d{1,9})\$[^$]+\$([0-9a-f]+)(?![\s\S])", re.ASCII)
# More work than this for one sign-in would only slow the board: some seconds on a small machine.
MOST_ROUNDS = 10_000_000
MOST_SCRYPT_BYTES = 64 * 2**20


def is_pin_hash(text: str) -> bool:
    """Whether Werkzeug could test a PIN against it, and nothing of it was lost in copying."""
    if found := _SCRYPT.match(text):
        rounds, block, lanes = map(int, found.groups())
        is_power = rounds > 1 and rounds & (rounds - 1) == 0  # scrypt takes powers of two only
        return is_power and 0 < 128 * rounds * block * lanes <= MOST_SCRYPT_BYTES
    found = _PBKDF2.match(text)
    if not found or found[1] not in hashlib.algorithms_guaranteed:
        return False
    is_whole = len(found[3]) == 2 * hashlib.new(found[1]).digest_size
    return is_whole and 0 < int(found[2]) <= MOST_ROUNDS
