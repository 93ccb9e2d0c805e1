from pathlib import Path

import pytest
from board_branch import board_toml

from dashboard.config import BoardConfig
from protocol.settings import ConfigError, load


def _load(tmp_path: Path, text: str) -> BoardConfig:
    path = tmp_path / "board.toml"
    path.write_text(text)
    return load(BoardConfig, path)


def test_defaults_are_those_of_the_contract(tmp_path):
    config = _load(tmp_path, f'branch = "b001"\nsecret_key = "{"x" * 32}"\n')
    assert (config.terminal, config.store, config.language) == ("board", "anling.db", "zh")
    assert (config.http.host, config.http.port) == ("127.0.0.1", 8000)


def test_a_whole_file_is_read(tmp_path):
    config = _load(tmp_path, board_toml(mqtt_port=1, http_port=2))
    assert (config.mqtt.port, config.http.port, config.tokens[0].name) == (1, 2, "tests")


def test_every_fault_is_named_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        _load(
            tmp_path,
            'branch = "B 1"\nlanguage = "fr"\nterminal = 3\nport = 80\n'
            "[http]\nport = 70000\n[[tokens]]\nname = 'a'\nsha256 = 'no'\n",
        )
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {
        "branch",
        "secret_key",
        "language",
        "terminal",
        "port",
        "http.port",
        "tokens[0].sha256",
    }


def test_a_short_secret_key_is_refused_and_not_repeated(tmp_path):
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, 'branch = "b001"\nsecret_key = "hunter2"\ntimezone = "Mars"\n')
    assert {fault.key for fault in caught.value.faults} == {"secret_key", "timezone"}
    assert "hunter2" not in str(caught.value)
    assert "32" in str(caught.value)


def test_a_token_name_may_stand_once(tmp_path):
    token = f"[[tokens]]\nname = 'a'\nsha256 = '{'0' * 64}'\n"
    with pytest.raises(ConfigError, match="twice"):
        _load(tmp_path, f'branch = "b001"\nsecret_key = "{"x" * 32}"\n' + token * 2)
