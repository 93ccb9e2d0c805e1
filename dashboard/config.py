"""BoardConfig: what `board.toml` says."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from protocol.link import Broker
from protocol.messages import Id
from protocol.settings import Findings, readable, rule

SECRET_KEY_MIN = 32
Line = Annotated[int, msgspec.Meta(ge=0, le=27)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Where the board listens. secure_cookies: send cookies over HTTPS only (behind a proxy)."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8000
    secure_cookies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A machine that may use the interface. sha256: of its bearer token, in hexadecimal."""

    name: Id
    sha256: Annotated[
        str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])", description="64 hexadecimal digits")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPoint:
    """A simulated point that `/demo` can press: its unit and lines (BCM numbers)."""

    id: Id
    unit: Id
    call: Line
    seat: Line | None = None
    presence: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardConfig:
    """The whole of `board.toml`.

    terminal: the id under which the board speaks to the gateway. store: the gateway's database,
    relative to the file. private_key_file: of private notes, as in gateway.toml. secret_key: signs
    the session cookies. language: of a new visitor whose browser asks for none of ours. timezone:
    of times on pages. demo: serve the page `/demo`, which shows and presses `demo_points`.
    """

    branch: Id
    secret_key: str
    store: Annotated[str, msgspec.Meta(min_length=1)] = "anling.db"
    private_key_file: str = ""
    terminal: Id = "board"
    language: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    demo: bool = False
    mqtt: Broker = field(default_factory=Broker)
    http: Http = field(default_factory=Http)
    tokens: list[Token] = field(default_factory=list)
    demo_points: list[DemoPoint] = field(default_factory=list)

    @rule
    def _short_secret_key(self) -> Findings:
        """Never repeats the secret."""
        if len(self.secret_key) < SECRET_KEY_MIN:
            yield (
                "secret_key",
                f"has {len(self.secret_key)} characters, must have at least {SECRET_KEY_MIN}; "
                "make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
            )

    @rule
    def _unknown_timezone(self) -> Findings:
        if not _is_timezone(self.timezone):
            yield "timezone", "is not a time zone's name, such as Asia/Shanghai"

    @rule
    def _twin_tokens(self) -> Findings:
        seen: set[str] = set()
        for number, name in readable(self.tokens, lambda token: token.name):
            if name in seen:
                yield f"tokens[{number}].name", f"{name} is given twice"
            seen.add(name)


def _is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
