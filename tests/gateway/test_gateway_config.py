"""`gateway.toml`: every fault is named at once, in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import config as configuration
from gateway.config import GatewayConfig
from protocol.settings import ConfigError

GOOD = """
branch = "b001"
name = "长江路支行"
[[units]]
id = "unit-01"
[[points]]
id = "point-1"
label = "Counter 1"
unit = "unit-01"
[[staff]]
id = "g01"
name = "Li Na"
roles = ["customer_service", "security", "first_aid", "lead"]
certificates = [{ what = "first_aid", expires = "2099-12-31" }]
"""


def read(path: Path, text: str) -> GatewayConfig:
    file = path / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return configuration.read(file)


def faults(path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        read(path, text)
    return {fault.key: fault.text for fault in caught.value.faults}


def test_a_small_file_is_enough_and_the_store_lies_beside_it(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert config.store == str(tmp_path / "anling.db")
    assert [s.after_s for s in config.policy_plan().steps] == [0, 30, 60, 120]
    plans = {(kind, id): body for kind, id, body in config.plans()}
    assert plans["staff", "g01"].duty == "always"
    assert config.mqtt.port == 1883


@pytest.mark.parametrize(
    ("changed", "key", "word"),
    [
        (GOOD.replace("b001", "B 001"), "branch", "B 001"),
        (GOOD.replace("branch", "brunch"), "brunch", "did you mean branch?"),
        (GOOD.replace("branch", "brunch"), "branch", "is missing"),
        (GOOD.replace('label = "Counter 1"', ""), "points[0].label", "is missing"),
        (GOOD.replace('unit = "unit-01"', 'unit = "unit-09"'), "points[0].unit", "unit-09"),
        (GOOD + '[[units]]\nid = "unit-01"', "units", "2 times"),
        (GOOD.replace('"lead"]', '"boss"]'), "staff[0].roles[3]", "one of customer_service"),
        (GOOD.replace(', "lead"]', "]"), "staff", "lead"),
        (GOOD.replace('"security", ', ""), "policy.roles.silent", "security"),
        (GOOD + "on_duty = false", "policy.roles.call", "on duty"),
        (GOOD + "[mqtt]\nport = 0", "mqtt.port", "0"),
        (GOOD + '[mqtt]\npassword = "x"', "mqtt.username", "missing"),
        (GOOD + '[mqtt]\ntls_ca_file = "/nowhere.pem"', "mqtt.tls_ca_file", "/nowhere.pem"),
        (GOOD + "[policy]\nsteps = []", "policy.steps", "after_s = 0"),
        (GOOD + '[[policy.steps]]\nafter_s = 5\ntell = "lead"', "policy.steps", "after_s = 0"),
        (GOOD + '[[policy.steps]]\nafter_s = 0\ntell = "all"', "policy.steps[0].tell", "all"),
        (GOOD + "[policy.roles]\ncall = []", "policy.roles.call", "is empty"),
        (GOOD + "[policy]\nrepeat_s = 0", "policy.repeat_s", "0"),
        (GOOD + '[[channels]]\nname = "Duty Phone"\nurl = ""', "channels[0].name", "Duty Phone"),
        (GOOD + '[[channels]]\nname = "a"\nkind = "fax"', "channels[0].kind", "fax"),
        (GOOD + '[[channels]]\nname = "a"', "channels[0].url", "is missing"),
        (GOOD + '[[channels]]\nname = "a"\nkind = "wecom"', "channels[0].url", "is missing"),
        (GOOD + 'board_url = "board"', "staff[0].board_url", "is not a key"),
        ('board_url = "board"\n' + GOOD, "board_url", "must be the board's address"),
        ('board_url = "ftp://board/"\n' + GOOD, "board_url", "must be the board's address"),
        ('board_url = "http://["\n' + GOOD, "board_url", "must be the board's address"),
        ('board_url = "http://b?x"\n' + GOOD, "board_url", "must be the board's address"),
        (GOOD + "units = [", "", "is not TOML"),
        ("units = 3\n" + GOOD.replace("[[units]]", "[other]"), "units", "must be a list"),
    ],
)
def test_a_fault_names_its_key_and_says_what_to_do(tmp_path, changed, key, word) -> None:
    found = faults(tmp_path, changed)
    assert key in found
    assert word in found[key]


def test_every_fault_is_listed_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("b001", "B").replace("unit-01", "U 1").replace('"Counter 1"', '""')
    assert set(faults(tmp_path, bad)) == {
        "branch",
        "units[0].id",
        "points[0].label",
        "points[0].unit",
    }


BAD_CHANNELS = """
[[channels]]
name = "robot"
kind = "dingtalk"
url = "dingtalk://SECRET/"
canary_every_s = 60
[[channels]]
name = "hook"
kind = "webhook"
url = "http://[SECRET"
[[channels]]
name = "pocket"
kind = "pager"
url = "http://SECRET/"
[[channels]]
name = "group"
kind = "wecom"
url = "https://x.example/?SECRET"
secret = "SECRET"
[[channels]]
name = "mine"
url = "json://x"
roles = ["lead"]
staff = "g01"
"""


def test_every_fault_of_the_channels_is_named_at_once_without_their_secrets(tmp_path) -> None:
    found = faults(tmp_path, GOOD + BAD_CHANNELS)
    assert set(found) == {
        "channels[0].url",
        "channels[1].url",
        "channels[2].url",
        "channels[3].secret",
        "channels[4].roles",
    }
    assert "SECRET" not in str(found)


def test_a_channel_of_somebody_unknown_is_named(tmp_path: Path) -> None:
    channel = '[[channels]]\nname = "a"\nurl = "json://x"\nstaff = "nobody"\n'
    assert "not in [[staff]]" in faults(tmp_path, GOOD + channel)["channels[0].staff"]


def test_every_kind_of_channel_can_be_configured(tmp_path: Path) -> None:
    kinds = {
        "apprise": 'url = "mailto://x"',
        "dingtalk": 'url = "https://x.example"\nsecret = "s"',
        "wecom": 'url = "https://x.example"',
        "feishu": 'url = "https://x.example"\nsecret = "s"',
        "webhook": 'url = "http://x.example:8080/in"\nsecret = "s"\ncanary_every_s = 0',
        "pager": 'roles = ["security"]',
    }
    text = "".join(
        f'[[channels]]\nname = "{kind}"\nkind = "{kind}"\n{more}\n' for kind, more in kinds.items()
    )
    file = tmp_path / "gateway.toml"
    file.write_text('board_url = "https://board.example/anling/"\n' + GOOD + text)
    found = configuration.read(file).channels
    assert [one.kind for one in found] == list(kinds)
    assert [one.canary_every_s for one in found] == [86400, 86400, 86400, 86400, 0, 86400]


def test_a_policy_whose_steps_go_back_is_refused(tmp_path: Path) -> None:
    steps = "".join(f'[[policy.steps]]\nafter_s = {s}\ntell = "lead"\n' for s in (0, 60, 30))
    assert "after the one before" in faults(tmp_path, GOOD + steps)["policy.steps"]


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.toml"):
        with pytest.raises(ConfigError, match="cannot be read"):
            configuration.read(path)


HOSTILE = [
    "a = " + "[" * 5000,
    "a = " + "9" * 5000,
    "branch = 0x" + "f" * 5000,
    "[mqtt]\nport = 0x" + "f" * 5000,
    "branch = nan",
    "branch = 1979-05-27T07:32:00Z",
    "units = [1, [2]]\nbranch = {a = {b = 1}}",
    "\0",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_plain_faults(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


_SCALARS = (
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["b001", "unit-01", "g01", "lead"])
)
_KEYS = st.sampled_from(
    [
        *(
            "branch",
            "name",
            "store",
            "mqtt",
            "units",
            "points",
            "staff",
            "policy",
            "channels",
            "id",
        ),
        *("steps", "roles", "host", "port", "label", "unit", "on_duty", "url", "after_s", "tell"),
    ]
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(table=st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_any_table_is_taken_or_refused_with_words(table: dict) -> None:
    from protocol.settings import from_table

    try:
        from_table(GatewayConfig, table, file="gateway.toml")
    except ConfigError as error:
        assert error.faults
        assert all(fault.text for fault in error.faults)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.binary(max_size=60), place=st.integers(0, len(GOOD.encode())))
def test_any_bytes_are_taken_or_refused_with_words(tmp_path: Path, text: bytes, place: int) -> None:
    whole = GOOD.encode()
    file = tmp_path / "any.toml"
    file.write_bytes(whole[:place] + text + whole[place:])
    try:
        configuration.read(file)
    except ConfigError as error:
        assert error.faults
