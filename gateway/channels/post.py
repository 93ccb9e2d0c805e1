"""One POST to a service on the web: a few seconds, no redirects, a bounded answer.

What goes wrong is told in words of our own: the library's hold the address, and in the address of
a group robot is its secret.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

MAX_ANSWER_BYTES = 64 * 1024
# So much of what a service says is for people.
MAX_SAID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds to wait: for a connection, for each piece of the answer, for all of its body."""

    connect_s: float = 3.0
    read_s: float = 5.0
    body_s: float = 8.0


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered. body: at most MAX_ANSWER_BYTES of it."""

    status: int
    body: bytes


class PostFailed(Exception):
    """There was no whole answer; the text says why and holds no address."""


def post_json(
    url: str,
    message: object,
    *,
    params: Mapping[str, str] | None = None,
    patience: Patience,
) -> Answer:
    """Posts `message` as JSON. params: put into the query of `url`. Raises: PostFailed."""
    return post(url, msgspec.json.encode(message), params=params, patience=patience)


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    patience: Patience,
) -> Answer:
    """Posts a JSON body; a redirect is an answer like any other. Raises: PostFailed."""
    # Imported at the first notice: a gateway without channels need not carry it.
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = False  # what is configured, and nothing from the surroundings
            with session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
                params=params,
                timeout=(patience.connect_s, patience.read_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, _read(response, patience.body_s))
    except requests.RequestException as error:
        raise PostFailed(_in_words(error, url, patience)) from error
    except (ValueError, OSError) as error:  # an address or an answer that the library trips over
        raise PostFailed(f"no usable answer ({type(error).__name__})") from error


def _read(response: Any, body_s: float) -> bytes:
    """The body, byte by byte, so that one who drips it out cannot hold us longer than body_s."""
    end_s = time.monotonic() + body_s
    body = bytearray()
    for piece in response.iter_content(1):
        body += piece
        if len(body) >= MAX_ANSWER_BYTES:
            break
        if time.monotonic() > end_s:
            raise PostFailed(f"the answer took longer than {body_s:g} s")
    return bytes(body)


def _in_words(error: Exception, url: str, patience: Patience) -> str:
    import requests

    host = _host(url)
    match error:
        case requests.ConnectTimeout():
            return f"no connection to {host} within {patience.connect_s:g} s"
        case requests.Timeout():
            return f"no answer from {host} within {patience.read_s:g} s"
        case requests.exceptions.SSLError():
            return f"no safe connection to {host}: its certificate does not fit"
        case requests.ConnectionError() if "Read timed out" in str(error):
            return f"no answer from {host} within {patience.read_s:g} s"
        case requests.ConnectionError():
            return f"no connection to {host}"
    return f"{host} could not be asked ({type(error).__name__})"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the service"
    except ValueError:
        return "the service"


def shown(text: object) -> str:
    """What a service said, on one line and short enough for a page."""
    return " ".join(str(text).split())[:MAX_SAID]
