"""What stands on a point's poster, in both languages at once: customers choose none."""

from __future__ import annotations

from typing import NamedTuple


class Both(NamedTuple):
    """A sentence in Chinese and in English."""

    zh: str
    en: str


class Poster(NamedTuple):
    """lamps: (how the lamp looks, what that means to whoever has pressed)."""

    help: Both = Both("需要帮助？请按按钮", "Need help? Press the button")
    hold: Both = Both("情况紧急：按住 3 秒", "Emergency: hold it for 3 seconds")
    lamps: tuple[tuple[str, Both], ...] = (
        ("slow", Both("灯慢闪：已经收到", "Slow blinking: your call has been received")),
        ("steady", Both("灯常亮：有人正在赶来", "Steady light: somebody is coming")),
        (
            "double",
            Both(
                "灯连闪两下并有响声：请招呼身边的工作人员",
                "Double blinking and a tone: please call out to somebody of the staff",
            ),
        ),
    )
    staff: Both = Both("工作人员：到场后扫码", "Staff: scan this when you are here")
    no_alarm: Both = Both(
        "本按钮用于求助，不是防抢劫报警装置。",
        "This button calls for help. It is not the hold-up alarm.",
    )


POSTER = Poster()
