"""The key that this machine signs with, and the keys of others that it trusts: Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from geo.errors import InputRefused, LianfangError, Sentence

FOLDER, OWN, TRUSTED = "keys", "signing.pem", "trusted"
PREFIX = "ed25519:"
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are checked with; two of the same 32 bytes are the same."""

    raw: bytes

    @property
    def text(self) -> str:
        """As it is handed from person to person: ``ed25519:`` and 44 letters of base 64."""
        return PREFIX + base64.b64encode(self.raw).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """Sixteen digits to read out over the telephone."""
        digest = hashlib.sha256(self.raw).hexdigest()[:16]
        return " ".join(digest[at : at + 4] for at in range(0, 16, 4))

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether whoever has the private key signed this content."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True


def public_key(text: str) -> PublicKey:
    """A key from its text.

    Raises
    ------
    InputRefused
        When it is none.
    """
    wrong = Sentence(
        "'%(text)s' is no public key; copy the whole of what `lianfang patrols key` prints: ed25519:…",
        text=text.strip()[:60],
    )
    said = text.strip()
    if not said.startswith(PREFIX):
        raise InputRefused(wrong)
    try:
        raw = base64.b64decode(said.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputRefused(wrong) from error
    if len(raw) != 32 or PublicKey(raw).text != said:
        raise InputRefused(wrong)
    return PublicKey(raw)


class Keys:
    """The keys of one installation.

    Parameters
    ----------
    folder : Path
        The program's own (`web.database.var_dir`); keys lie in `keys` below it and in no backup of the
        database.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def sign(self, content: bytes) -> bytes:
        """A signature of 64 bytes by this machine's key, which is made when there is none."""
        return self._own().sign(content)

    def own(self) -> PublicKey:
        """The public half of this machine's key, which is made when there is none."""
        return PublicKey(self._own().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def taken(self) -> list[PublicKey]:
        """Keys whose packs are taken here: this machine's own, where it has one, and those it trusts."""
        own = [self.own()] if (self._folder / OWN).exists() else []
        return [*own, *self.trusted().values()]

    def trusted(self) -> dict[str, PublicKey]:
        """Keys of others by their names.

        Raises
        ------
        LianfangError
            When one of the files holds no key.
        """
        folder = self._folder / TRUSTED
        found = {}
        for path in sorted(folder.glob("*.pub")) if folder.is_dir() else []:
            try:
                found[path.stem] = public_key(path.read_text(encoding="ascii", errors="replace"))
            except InputRefused as error:
                raise LianfangError(
                    Sentence("%(path)s holds no public key; remove the file and trust it anew", path=path)
                ) from error
        return found

    def trust(self, name: str, key: PublicKey) -> None:
        """Trust a key under a name; what had the name before is replaced.

        Raises
        ------
        InputRefused
            For a name that is none.
        """
        self._named(name)
        folder = self._folder / TRUSTED
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.pub").write_text(f"{key.text}\n", encoding="ascii")

    def forget(self, name: str) -> None:
        """Trust a key no more.

        Raises
        ------
        InputRefused
            When no key has that name.
        """
        path = self._folder / TRUSTED / f"{self._named(name)}.pub"
        if not path.exists():
            raise InputRefused(Sentence("no key is trusted under the name '%(name)s'", name=name))
        path.unlink()

    def _named(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise InputRefused(
                Sentence(
                    "'%(name)s' is no name of a key; take 1 to 40 letters, digits, - and _", name=name[:60]
                )
            )
        return name

    def _own(self) -> Ed25519PrivateKey:
        path = self._folder / OWN
        if not path.exists():
            self._make(path)
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise LianfangError(
                Sentence(
                    "%(path)s can be read by others (mode %(mode)s); make a new key, or `chmod 600` it if "
                    "nobody did",
                    path=path,
                    mode=f"{mode:o}",
                )
            )
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError) as error:
            raise LianfangError(_damaged(path)) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise LianfangError(_damaged(path))
        return key

    def _make(self, path: Path) -> None:
        """Write a new key; of two who do so at once the first counts, and nobody reads half of one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        fresh = path.with_name(f".{OWN}.{os.getpid()}.{os.urandom(4).hex()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            try:
                os.link(fresh, path)
            except FileExistsError:
                # Somebody was quicker: theirs is the key.
                return
        finally:
            fresh.unlink()


def _damaged(path: Path) -> Sentence:
    return Sentence(
        "%(path)s is no Ed25519 key; bring it back from a copy, or remove it and tell the other side the "
        "new key",
        path=path,
    )
