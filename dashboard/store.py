"""The gateway's store as the board reads it."""

from __future__ import annotations

import msgspec

from dashboard.picture import Stored
from gateway.store import Reader, Vault, key_path
from gateway.store.reader import StoreError
from gateway.store.vault import VaultError

__all__ = ["Reader", "StoreError", "Vault", "VaultError", "key_path", "look"]


def look(reader: Reader, known: tuple[str, ...]) -> Stored:
    """One look into the store. known: ids the board holds for open. Raises: StoreError."""
    try:
        return _look(reader, known)
    except msgspec.MsgspecError as error:
        raise StoreError(f"the store holds what cannot be read ({error})") from error


def _look(reader: Reader, known: tuple[str, ...]) -> Stored:
    opened = tuple(reader.open_incidents())
    missing = set(known) - {incident.incident_id for incident in opened}
    found = {id_: reader.incident(id_) for id_ in missing}
    return Stored(
        open=opened,
        closed=tuple(incident for incident in found.values() if incident is not None),
        unknown=tuple(id_ for id_, incident in found.items() if incident is None),
        units=tuple(reader.units()),
        unit_of_point={record.point: record.unit for record in reader.points()},
        faults=tuple(reader.faults()),
    )
