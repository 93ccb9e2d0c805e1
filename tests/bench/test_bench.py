"""The bench works: its figures are right and its table prints. Says nothing about speed."""

from __future__ import annotations

import json
import shutil

import pytest

from bench.__main__ import main
from bench.figures import Limit, Row, compared, in_turn, latencies, percentile
from bench.past import A_MONTH, Past
from bench.table import record, table
from gateway.chain import first_broken
from gateway.store import Reader

mosquitto_needed = pytest.mark.skipif(
    shutil.which("mosquitto", path="/usr/bin:/usr/sbin:/usr/local/sbin") is None,
    reason="mosquitto is not installed",
)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(share, expected):
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_percentile_of_one_value_is_that_value():
    assert percentile([7.0], 0.99) == 7.0


def test_both_sides_are_measured_in_turn():
    order = []
    beside, ours = in_turn(3, lambda: order.append("bare"), lambda: order.append("ours"))
    assert order == ["bare", "ours"] * 3
    assert len(beside) == len(ours) == 3


def test_the_ratio_is_the_median_of_the_rounds_ratios():
    """Rounds with ratios 4, 1.5 and 1; the ratio of the medians would be 2."""
    row = compared("x", "ms", beside=[1.0, 2.0, 10.0], ours=[4.0, 3.0, 10.0])
    assert (row.beside, row.ours, row.ratio) == (2.0, 4.0, 1.5)


def test_only_the_median_is_judged_and_the_rest_is_over_all_samples():
    rows = latencies(
        "x",
        ours=[[1, 2, 3], [2, 4, 90]],
        beside=[[1, 1, 1], [2, 2, 2]],
        limit=Limit(1.5, of="ratio"),
    )
    assert [row.measure for row in rows] == ["x: p50", "x: p95", "x: p99", "x: max"]
    assert [row.is_met for row in rows] == [False, None, None, None]
    assert (rows[0].ours, rows[0].ratio, rows[3].ours) == (3, 2, 90)


@pytest.mark.parametrize(
    ("limit", "met"),
    [
        (None, None),
        (Limit(2, of="ratio"), True),
        (Limit(1.9, of="ratio"), False),
        (Limit(10, of="ours"), True),
        (Limit(9, of="ours"), False),
    ],
)
def test_a_limit_judges_the_column_it_names(limit, met):
    assert Row(measure="x", unit="ms", ours=10, beside=5, ratio=2, limit=limit).is_met is met


def test_a_limit_on_a_ratio_that_is_not_there_is_missed():
    assert Row(measure="x", unit="ms", ours=1, limit=Limit(2, of="ratio")).is_met is False


def test_the_table_aligns_its_columns_and_says_what_is_missed():
    rows = [
        Row(
            measure="报警 receipt",
            unit="ms",
            ours=2.5,
            beside=2,
            ratio=1.25,
            limit=Limit(1.3, of="ratio"),
        ),
        Row(measure="memory", unit="MiB", ours=41.2, limit=Limit(40, of="ours")),
    ]
    lines = table([("a", rows[:1]), ("b", rows[1:])]).splitlines()
    assert lines[0].split() == ["measure", "beside", "Anling", "ratio", "limit"]
    assert " ".join(lines[2].split()) == "报警 receipt 2.00 ms 2.50 ms 1.25 ≤ 1.3 ok"
    assert lines[3] == ""
    assert " ".join(lines[4].split()) == "memory 41.2 MiB ≤ 40 MiB missed"


def test_a_row_for_machines_carries_everything_that_is_printed():
    row = Row(measure="x", unit="ms", ours=2, beside=1, ratio=2, limit=Limit(3, of="ratio"))
    assert record(row) == {
        "measure": "x",
        "unit": "ms",
        "beside": 1,
        "anling": 2,
        "ratio": 2,
        "limit": 3,
        "limit_of": "ratio",
        "met": True,
    }


def test_each_measure_says_what_it_times(capsys):
    assert main(["--explain"]) == 0
    assert capsys.readouterr().out.count("imed") >= 9


def test_a_store_with_a_past_is_as_the_gateway_would_have_written_it(tmp_path):
    past = Past(count=1_000, end_ms=1_767_225_600_000)
    past.make(tmp_path / "anling.db")
    reader = Reader(str(tmp_path / "anling.db"))
    start_ms, end_ms = past.month
    assert len(reader.response_times(start_ms=start_ms, end_ms=end_ms)) == A_MONTH
    assert first_broken(reader.whole_log()) is None
    assert reader.open_incidents() == []
    assert all(reader.incident(id_).stage == "closed" for id_ in past.ids(20))
    assert reader.rows("SELECT count(*) FROM farewells") == [(0,)]
    reader.close()


def test_a_past_may_lie_evenly_over_a_year(tmp_path):
    year_ms = 365 * 24 * 3600 * 1000
    past = Past(count=730, end_ms=1_767_225_600_000, evenly_ms=year_ms)
    past.make(tmp_path / "anling.db")
    reader = Reader(str(tmp_path / "anling.db"))
    start_ms = past.end_ms - year_ms
    assert len(reader.response_times(start_ms=start_ms, end_ms=past.end_ms)) == 730
    assert len(reader.response_times(start_ms=start_ms, end_ms=start_ms + year_ms // 2)) == 365
    reader.close()


@mosquitto_needed
@pytest.mark.parametrize("name", ["receipt", "policies", "storm", "press", "stream", "start"])
def test_a_measure_runs_through_and_is_reported(name, tmp_path, capsys):
    """Real broker, bare pipeline and programs; whether they were fast is nobody's business here."""
    report = tmp_path / "bench.json"
    assert main(["--quick", "--rounds", "1", "--only", name, "--json", str(report)]) == 0
    assert "Anling" in capsys.readouterr().out
    rows = json.loads(report.read_text())["measures"][name]
    assert rows
    assert all(row["anling"] > 0 for row in rows)
