"""A call that ended with an ambulance: somebody has written down who rang 120."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_kit import Desk

RULE = "ambulance-call"


def press(desk: Desk, **changes: Any) -> str:
    desk.handle(desk.pressed(**changes))
    desk.handle(desk.acted("arrive"))
    return desk.incident().incident_id


def end(desk: Desk, outcome: str = "ambulance") -> None:
    desk.handle(desk.acted("close", outcome=outcome, situation="fainted"))


def rang(desk: Desk, id: str, contact: str = "ambulance", **body: Any) -> Any:
    return desk.ask("outside.called", "s01", id=id, body={"contact": contact, **body})


def owed(desk: Desk) -> list[Any]:
    return [one for one in desk.reader.records("followup") if one.body.rule == RULE]


def test_an_ambulance_that_nobody_rang_for_is_to_be_written_down(desk: Desk) -> None:
    id = press(desk)
    end(desk)
    [record] = owed(desk)
    assert (record.body.owner, record.incident_id) == ("g01", id)


def test_a_call_to_120_that_is_over_counts_too(desk: Desk) -> None:
    id = press(desk)
    call = rang(desk, id)
    assert desk.ask("outside.over", "s01", id=call.id).ok
    end(desk)
    assert owed(desk) == []
    assert desk.reader.records("ambulance_rung") == []


@pytest.mark.parametrize(("number", "owes"), [("010-6666", 1), ("120", 0)])
def test_it_is_the_number_that_counts_and_not_who_else_was_rung(desk: Desk, number, owes) -> None:
    id = press(desk)
    assert rang(desk, id, "hospital", number=number).ok
    end(desk)
    assert len(owed(desk)) == owes


def test_writing_the_call_down_after_the_close_settles_it(desk: Desk) -> None:
    id = press(desk)
    end(desk)
    desk.clock.move(26 * 3600)
    desk.handle()
    assert rang(desk, id, said="rang at nine, came at ten past").ok
    assert owed(desk) == []
    assert desk.reader.record("followup", f"{id}.{RULE}").by == "s01"


@pytest.mark.parametrize(("outcome", "drill"), [("helped", False), ("ambulance", True)])
def test_other_endings_and_drills_owe_no_call(desk: Desk, outcome, drill) -> None:
    press(desk, drill=drill)
    end(desk, outcome)
    assert owed(desk) == []


def test_what_was_rung_in_the_drill_does_not_count_once_it_is_real(desk: Desk) -> None:
    id = press(desk, drill=True)
    assert rang(desk, id).ok
    desk.handle(desk.acted("real"))
    end(desk)
    assert len(owed(desk)) == 1
