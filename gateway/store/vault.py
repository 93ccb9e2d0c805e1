"""Seals what only a few may read: encrypted at rest, with a key that is not in the database."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from gateway.errors import VaultError

KEY_NAME = "private.key"


def key_path(store: str | Path, named: str = "", *, folder: str | Path = "") -> Path:
    """Where the key is: beside the store, or where the configuration in `folder` names it."""
    return Path(folder) / named if named else Path(store).with_name(KEY_NAME)


class Vault:
    """Seals and unseals texts with the key at `path`. Every method raises VaultError."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._fernet: Fernet | None = None

    def make_key(self) -> None:
        """Makes the key, once, for its owner's eyes only; one that is there stays."""
        if self._path.exists():
            self._open()
            return
        try:
            number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise VaultError(f"{self._path} cannot be made ({error.strerror})") from error

    def seal(self, text: str) -> str:
        """The text as only the key's holder can read it."""
        return self._open().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """What was sealed."""
        try:
            return self._open().decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise VaultError(f"{self._path} is not the key that sealed this") from error

    def _open(self) -> Fernet:
        if self._fernet is None:
            try:
                self._fernet = Fernet(self._path.read_bytes().strip())
            except OSError as error:
                raise VaultError(f"{self._path} cannot be read ({error.strerror})") from error
            except ValueError as error:
                raise VaultError(f"{self._path} holds no key; restore it from a copy") from error
        return self._fernet
