"""PURE  What to say on the telephone, read together from what is known, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LANGUAGES = ("zh", "en")

OPENING = {
    "ambulance": {"zh": "您好，我们需要救护车。", "en": "Hello, we need an ambulance."},
    "police": {"zh": "您好，我要报警。", "en": "Hello, we need the police."},
    "fire": {"zh": "您好，我们需要消防救援。", "en": "Hello, we need fire and rescue."},
    "": {"zh": "您好，我们需要您的帮助。", "en": "Hello, we need your help."},
}
CONSCIOUS = {
    "yes": {"zh": "人是清醒的，能应答。", "en": "They are awake and answer."},
    "no": {"zh": "人叫不醒。", "en": "They cannot be woken."},
    "unclear": {"zh": "意识不太清楚。", "en": "They are not fully awake."},
}
BREATHING = {
    "yes": {"zh": "呼吸正常。", "en": "They breathe normally."},
    "no": {
        "zh": "没有正常呼吸。",
        "en": "They do not breathe normally.",
    },
    "unclear": {"zh": "呼吸看不清楚。", "en": "We are not sure about the breathing."},
}
# Whom these sentences are for; the police need no breathing.
MEDICAL = ("ambulance", "hospital", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that a script is made of, each text in one language already.

    contact: who is rung. "" or None is what nobody has said yet. since: the time of the press by
    the branch's clock, such as 14:03; minutes: how long ago; None: nobody knows.
    """

    language: str
    contact: str = ""
    branch: str = ""
    address: str = ""
    landmark: str = ""
    entrance: str = ""
    floor: str = ""
    phone: str = ""
    where: str = ""
    happened: str = ""
    what: str = ""
    since: str | None = None
    minutes: int | None = None
    age: int | None = None
    conscious: str | None = None
    breathing: str | None = None


def script(known: Known) -> tuple[str, ...]:
    """The sentences in the order in which a dispatcher asks: where first, since a call may end."""
    speak = _chinese if known.language == "zh" else _english
    return tuple(speak(known))


def missing(known: Known) -> tuple[str, ...]:
    """Names of what a dispatcher will ask and nobody has written down yet."""
    asked = ["address", "phone"]
    if known.contact in MEDICAL:
        asked += ["conscious", "breathing", "age"]
    return tuple(name for name in asked if getattr(known, name) in (None, ""))


def _chinese(known: Known) -> Iterator[str]:
    yield _opening(known)
    if known.address:
        near = f"，{known.landmark}" if known.landmark else ""
        yield f"地址：{known.address}，{known.branch}{near}。"
    if known.entrance or known.floor:
        yield f"从{known.entrance or '大门'}进，{known.floor or '一楼'}，{known.where}。"
    else:
        yield f"位置：{known.where}。"
    yield f"{known.happened or '有客户需要帮助'}。"
    if known.since and known.minutes is not None:
        ago = f"大约{known.minutes}分钟前" if known.minutes else "刚刚"
        yield f"时间：{known.since}，{ago}。"
    yield from _person(known, f"大约{known.age}岁。")
    if known.what:
        yield f"{known.what.rstrip('。.')}。"
    if known.phone:
        yield f"回拨电话：{known.phone}。"
    yield "我们会派人在门口接。请告诉我现在该做什么。"


def _english(known: Known) -> Iterator[str]:
    yield _opening(known)
    if known.address:
        near = f", {known.landmark}" if known.landmark else ""
        yield f"The address is {known.address}, {known.branch}{near}."
    if known.entrance or known.floor:
        ways = [one for one in (known.entrance, known.floor, known.where) if one]
        yield f"Come in by {', '.join(ways)}."
    else:
        yield f"The place is {known.where}."
    yield f"{known.happened or 'A customer needs help'}."
    if known.since and known.minutes is not None:
        ago = f"about {known.minutes} min ago" if known.minutes else "just now"
        yield f"It was at {known.since}, {ago}."
    yield from _person(known, f"About {known.age} years old.")
    if known.what:
        yield f"{known.what.rstrip('.。')}."
    if known.phone:
        yield f"You can ring us back at {known.phone}."
    yield "Somebody will meet you at the door. Please tell me what to do now."


def _opening(known: Known) -> str:
    return OPENING.get(known.contact, OPENING[""])[known.language]


def _person(known: Known, age: str) -> Iterator[str]:
    if known.contact not in MEDICAL:
        return
    if known.age is not None:
        yield age
    for table, value in ((CONSCIOUS, known.conscious), (BREATHING, known.breathing)):
        if value in table:
            yield table[value][known.language]
