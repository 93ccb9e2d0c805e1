"""What Anling brings along for every branch: playbooks and the first entries of a directory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway.desk.outside import Contact
from gateway.desk.playbooks import Playbook
from protocol.settings import from_table, load

PLAYBOOKS = Path(__file__).parent / "playbooks"
DIRECTORY = Path(__file__).parent / "directory.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Directory:
    """`directory.toml`: a table of contacts by id."""

    contacts: dict[str, dict]


# The files come with the program and change with it only.
@cache
def plans() -> tuple[tuple[str, str, object], ...]:
    """(kind, id, body) of each. Raises: ConfigError for a file that is not as it was shipped."""
    directory = load(_Directory, DIRECTORY).contacts
    return (
        *(("contact", id, from_table(Contact, table)) for id, table in directory.items()),
        *(
            ("playbook", path.stem, load(Playbook, path))
            for path in sorted(PLAYBOOKS.glob("*.toml"))
        ),
    )
