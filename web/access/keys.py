"""The key that signs cookies and forms: from the environment, else made once and kept in a private file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from geo.errors import LianfangError

VARIABLE = "LIANFANG_SECRET_KEY"
SHORTEST = 32
_FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """The server's secret key.

    Parameters
    ----------
    folder : Path
        Where the file stands, readable for its owner alone; made at the first start.

    Raises
    ------
    LianfangError
        When the environment's key is shorter than 32 characters.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        if len(given) < SHORTEST:
            raise LianfangError(
                f"{VARIABLE} has {len(given)} characters; give at least {SHORTEST} random ones"
            )
        return given
    path = folder / _FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place: of two first starts at once, both use the key that came first.
        aside = folder / f".{_FILE}.{os.getpid()}"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
