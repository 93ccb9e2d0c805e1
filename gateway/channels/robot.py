"""What the group robots of DingTalk, WeCom and Feishu have in common: judged by what they say.

All three answer 200 to what they refuse; only the body tells. Apprise's own plugins look at the
status alone, so a refused notice would be taken for delivered.
"""

from __future__ import annotations

import msgspec

from gateway.channels.notice import DeliveryResult, text_of
from gateway.channels.post import Answer, Patience, PostFailed, post_json, shown
from protocol.messages import Notice

# In every message, so that a robot guarded by a keyword can be given this one.
KEYWORD = "安铃 Anling"


def robot_text(notice: Notice) -> str:
    """The whole notice as one text."""
    return f"{notice.title}\n{text_of(notice)}\n{KEYWORD}"


def deliver(
    url: str,
    message: object,
    *,
    params: dict[str, str] | None = None,
    code: str,
    why: str,
    patience: Patience,
) -> DeliveryResult:
    """Posts a robot's message. code, why: the keys of its answer that say whether and why not."""
    try:
        answer = post_json(url, message, params=params, patience=patience)
    except PostFailed as error:
        return DeliveryResult(False, str(error))
    return judge(answer, code=code, why=why)


def judge(answer: Answer, *, code: str, why: str) -> DeliveryResult:
    """Delivered only with status 200 and a body whose `code` is the number 0."""
    if answer.status != 200:
        return DeliveryResult(False, f"it answered with status {answer.status}")
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return DeliveryResult(False, "its answer cannot be read; is the address that of a robot?")
    said = body.get(code) if isinstance(body, dict) else None
    if type(said) is not int:  # false would equal 0
        return DeliveryResult(False, f"its answer has no {code}; is the address that of a robot?")
    if said != 0:
        return DeliveryResult(
            False, f"it refused: {code} {said} {shown(body.get(why, ''))}".strip()
        )
    return DeliveryResult(True)
