from hypothesis import given
from hypothesis import strategies as st

from dashboard.brake import FORGET_AFTER_MS, FREE_TRIES, LONGEST_WAIT_MS, Brake


def _wrong(brake, times, *, key="staff g01", now_ms=0):
    for _ in range(times):
        assert brake.attempt([key], now_ms).wait_ms == 0


def test_five_tries_are_free_and_the_next_waits_a_second():
    brake = Brake()
    _wrong(brake, FREE_TRIES)
    assert brake.attempt(["staff g01"], 0).wait_ms == 1000
    assert brake.attempt(["staff g01"], 999).wait_ms == 1
    assert brake.attempt(["staff g01"], 1000).wait_ms == 0


def test_each_further_wrong_try_doubles_the_wait_up_to_a_minute():
    brake, now_ms, waits = Brake(), 0, []
    _wrong(brake, FREE_TRIES)
    for _ in range(9):
        wait_ms = brake.attempt(["staff g01"], now_ms).wait_ms
        waits.append(wait_ms // 1000)
        now_ms += wait_ms
        assert brake.attempt(["staff g01"], now_ms).wait_ms == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_tries_while_waiting_do_not_lengthen_the_wait_and_are_news_once():
    brake = Brake()
    _wrong(brake, FREE_TRIES)
    verdicts = [brake.attempt(["staff g01"], 500) for _ in range(3)]
    assert [verdict.wait_ms for verdict in verdicts] == [500, 500, 500]
    assert [verdict.is_news for verdict in verdicts] == [True, False, False]


def test_many_tries_at_once_gain_nothing():
    """Each counts before it is known whether it is right."""
    brake = Brake()
    assert sum(brake.attempt(["staff g01"], 0).wait_ms == 0 for _ in range(50)) == FREE_TRIES


def test_the_address_slows_guesses_spread_over_many_ids():
    brake = Brake()
    for number in range(FREE_TRIES):
        assert brake.attempt([f"staff s{number}", "address 10.0.0.9"], 0).wait_ms == 0
    assert brake.attempt(["staff another", "address 10.0.0.9"], 0).wait_ms == 1000
    assert brake.attempt(["staff another", "address 10.0.0.8"], 0).wait_ms == 0


def test_the_right_pin_clears_the_id_but_not_the_address():
    """Else whoever knows one PIN could reset the address between guesses at others."""
    brake = Brake()
    for number in range(FREE_TRIES - 1):
        brake.attempt([f"staff s{number}", "address a"], 0)
    brake.attempt(["staff own", "address a"], 0)
    brake.passed(cleared="staff own", forgiven="address a")
    assert brake.attempt(["staff s9", "address a"], 0).wait_ms == 0
    assert brake.attempt(["staff s8", "address a"], 0).wait_ms == 1000
    assert brake.attempt(["staff own", "address b"], 0).wait_ms == 0


def test_wrong_tries_are_forgotten_after_a_quiet_time():
    brake = Brake()
    _wrong(brake, FREE_TRIES)
    _wrong(brake, FREE_TRIES, now_ms=FORGET_AFTER_MS + 1)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 90_000)), max_size=200))
def test_the_brake_is_bounded_in_keys_and_waits(steps):
    brake, now_ms = Brake(max_keys=4), 0
    for key, pause_ms in steps:
        now_ms += pause_ms
        assert 0 <= brake.attempt([key], now_ms).wait_ms <= LONGEST_WAIT_MS
        assert len(brake) <= 4
