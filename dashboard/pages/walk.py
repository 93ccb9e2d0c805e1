"""The walk test: a round from the phone, each button's ledger, and the certificate."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dashboard.board import Board, the_board
from dashboard.desk import Answer, answer_sentences, ask_desk, explain_desk
from dashboard.errors import Problem
from dashboard.pages.branch import point_labels, staff_names, viewer_id
from dashboard.pages.forms import needed_viewer, posted_number
from dashboard.pages.outlook import world_of
from gateway.store import Record
from gateway.store.outlook import last_test_ms
from protocol.clock import now

blueprint = Blueprint("walk", __name__, url_prefix="/walk-test")

TESTERS = frozenset({"maintenance", "lead", "admin"})
DAY_MS = 24 * 3_600_000
MAX_ROUNDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """A button. tested: its last test, None before any. days: since then, None: nobody knows.

    is_left: the last round ended without it.
    """

    point: str
    label: str
    tested: Record | None
    days: int | None
    is_late: bool
    is_left: bool


@blueprint.get("")
def show() -> str:
    """The round that is on, or the ledger and the rounds that were."""
    board = the_board()
    rounds = board.reader.records("walk", closed_too=True)
    return render_template(
        "walk.html",
        round=next((one for one in rounds if one.is_open), None),
        armed={one.id for one in board.reader.records("walk_arm")},
        ledger=_ledger(board),
        rounds=sorted(
            (one for one in rounds if not one.is_open), key=lambda one: one.at, reverse=True
        )[:MAX_ROUNDS],
        labels=point_labels(board),
        names=staff_names(board),
        rule=board.reader.record("walk_rule", "branch"),
        may_test=may_test(),
        me=viewer_id(),
    )


def may_test() -> bool:
    """Whether whoever looks may walk the round; the gateway judges it all the same."""
    return viewer_id() is not None and not TESTERS.isdisjoint(current_user.roles)


def _ledger(board: Board) -> list[LedgerLine]:
    """Every configured button: those that a round left out first, then those longest untested."""
    world = world_of(board, ("walk_test", "walk_left", "point", "walk_rule"))
    rule = world.get("walk_rule", "branch")
    most = rule.body.days if rule else 7
    lines = []
    for id, point in world.points.items():
        if not point.configured:
            continue
        tested_ms = last_test_ms(world, id)
        days = None if tested_ms is None else max(0, now().utc_ms - tested_ms) // DAY_MS
        lines.append(
            LedgerLine(
                point=id,
                label=point.label,
                tested=world.get("walk_test", id),
                days=days,
                is_late=tested_ms is not None and now().utc_ms - tested_ms > most * DAY_MS,
                is_left=world.get("walk_left", id) is not None,
            )
        )
    return sorted(
        lines, key=lambda line: (not line.is_left, line.tested is not None, -(line.days or 0))
    )


@blueprint.get("/<id>")
def certificate(id: str) -> str:
    """What a round has tested: to be printed and signed."""
    board = the_board()
    record = board.reader.record("walk", id)
    if record is None:
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return render_template(
        "walk_certificate.html",
        record=record,
        labels=point_labels(board),
        names=staff_names(board),
    )


@blueprint.post("/start")
def start() -> Response:
    """Begins a round, over all buttons or over those that were ticked."""
    points = request.form.getlist("points")
    return _back(
        ask_desk("walk.start", by=needed_viewer(), body={"points": points} if points else {})
    )


@blueprint.post("/<id>/arm")
def arm(id: str) -> Response:
    """The next press of a button is a test."""
    body = {"point": request.form.get("point", "")}
    return _back(ask_desk("walk.arm", by=needed_viewer(), id=id, body=body))


@blueprint.post("/<id>/end")
def end(id: str) -> Response:
    """Ends the round; what is left is named."""
    body = {"note": request.form.get("note", "").strip()}
    answer = ask_desk("walk.end", by=needed_viewer(), id=id, body=body)
    return redirect(url_for("walk.certificate", id=id)) if answer.ok else _back(answer)


@blueprint.post("/rule")
def rule() -> Response:
    """After how many days a button is to be tested again."""
    text = request.form.get("days", "")
    body = {"days": int(text) if text.isascii() and text.isdigit() and len(text) < 5 else text}
    version = posted_number("version")
    answer = ask_desk("walk_rule.save", by=needed_viewer(), id="branch", version=version, body=body)
    if answer.ok:
        flash(_("Saved."))
    return _back(answer)


def _back(answer: Answer) -> Response:
    if not answer.ok:
        flash(answer_sentences(answer))
    return redirect(url_for("walk.show"))
