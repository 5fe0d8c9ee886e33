"""A pack as a file: a ZIP of files, a manifest that names each with its hash, and the manifest's signature.

What is not in the manifest, or not as it says, is not in the pack: nothing of a file is used before the
signature, every hash and every size are right.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import InputRefused, Sentence
from web.duty.gpx import zipped
from web.packs.keys import Keys, PublicKey, public_key

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*([./][a-z0-9][a-z0-9_-]*){0,5}", re.ASCII)
MOST_FILES = 2_000
LARGEST_MANIFEST, LARGEST_SIGNATURE = 1_000_000, 400
LARGEST_FILE, LARGEST_PACK = 100_000_000, 300_000_000
# What the standard library says of a file that is no ZIP or JSON, or a damaged one.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
    # Of a manifest that lacks something.
    KeyError,
    TypeError,
    AttributeError,
)


@dataclass(frozen=True)
class Pack:
    """A pack whose signature and hashes are right.

    Parameters
    ----------
    head : mapping
        What the manifest says beside the list of files.
    files : mapping
        Content by name.
    signer : PublicKey
    id : str
        SHA-256 of the manifest: the same pack has the same.
    """

    head: Mapping[str, Any]
    files: Mapping[str, bytes]
    signer: PublicKey
    id: str


def packed(form: str, head: Mapping[str, Any], files: Mapping[str, bytes], keys: Keys) -> bytes:
    """A signed pack: the same for the same head, files and key, byte for byte.

    Parameters
    ----------
    form : str
        What kind of pack it is, with its version, such as ``lianfang-patrol-pack/1``.
    head : mapping
        JSON; what the manifest says beside the files.
    files : mapping
        Content by name: lower-case letters, digits, `-` and `_` between dots and slashes.
    keys : Keys
        Of this machine.
    """
    wrong = [name for name in files if not FILE_NAME.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no name of a file in a pack; take a-z, 0-9, - and _")
    listed = [
        {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(files.items())
    ]
    said = {"format": form, **head, "files": listed}
    manifest = json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1).encode("utf8")
    signature = base64.b64encode(keys.sign(_signed(form, manifest))).decode("ascii")
    signed = f"{keys.own().text}\n{signature}\n".encode("ascii")
    return zipped({MANIFEST: manifest, SIGNATURE: signed, **dict(sorted(files.items()))})


def unpacked(path: Path, form: str, trusted: Iterable[PublicKey]) -> Pack:
    """A pack from its file, once its signature and every hash are right.

    Parameters
    ----------
    path : Path
    form : str
        What kind it must be.
    trusted : iterable of PublicKey
        Whose packs are taken.

    Raises
    ------
    InputRefused
        In one sentence: no such pack, cut off, changed after it was signed, or signed with another key.
    """
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, name, form, set(trusted))
    except InputRefused:
        raise
    except DAMAGED as error:
        raise InputRefused(
            Sentence(
                "%(file)s is no pack, or it is cut off or damaged; copy it anew from where it was made",
                file=name,
            )
        ) from error


def _read(archive: zipfile.ZipFile, name: str, form: str, trusted: set[PublicKey]) -> Pack:
    entries = {one.filename: one for one in archive.infolist()}
    if len(entries) != len(archive.infolist()) or len(entries) > MOST_FILES + 2:
        raise InputRefused(_changed(name))
    if not {MANIFEST, SIGNATURE} <= set(entries):
        raise InputRefused(Sentence("%(file)s is no pack: it has no manifest or no signature", file=name))
    manifest = _content(archive, entries[MANIFEST], LARGEST_MANIFEST, name)
    signer, signature = _signature(_content(archive, entries[SIGNATURE], LARGEST_SIGNATURE, name), name)
    if signer not in trusted:
        raise InputRefused(
            Sentence(
                "%(file)s is signed with the key %(fingerprint)s, which is not trusted here; compare it with "
                "whoever made the pack, then `lianfang patrols key --trust NAME KEY`",
                file=name,
                fingerprint=signer.fingerprint,
            )
        )
    if not signer.verifies(signature, _signed(form, manifest)):
        raise InputRefused(
            Sentence(
                "%(file)s was changed after it was signed, or is no %(form)s; use it no more and fetch it "
                "anew",
                file=name,
                form=form,
            )
        )
    said = json.loads(manifest)
    listed = {one["name"]: (one["bytes"], one["sha256"]) for one in said.pop("files")}
    if said.pop("format") != form or set(listed) != set(entries) - {MANIFEST, SIGNATURE}:
        raise InputRefused(_changed(name))
    files, left = {}, LARGEST_PACK
    for one, (size, digest) in listed.items():
        content = _content(archive, entries[one], min(LARGEST_FILE, left), name)
        left -= len(content)
        if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
            raise InputRefused(_changed(name))
        files[one] = content
    return Pack(said, files, signer, hashlib.sha256(manifest).hexdigest())


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, name: str) -> bytes:
    """What an entry holds; never more than `most` bytes of it are unpacked."""
    with archive.open(entry) as source:
        content = source.read(most + 1)
    if len(content) > most:
        raise InputRefused(
            Sentence(
                "%(file)s holds a file of more than %(most)s bytes; it is no pack of ours",
                file=name,
                most=most,
            )
        )
    return content


def _signature(content: bytes, name: str) -> tuple[PublicKey, bytes]:
    """Who signed, and the 64 bytes."""
    try:
        # Nothing but these two lines: what is not read is not signed either.
        key, signature, rest = content.decode("ascii").split("\n")
        told = public_key(key), base64.b64decode(signature, validate=True)
        if rest:
            raise InputRefused(_changed(name))
    except (UnicodeDecodeError, ValueError, binascii.Error, InputRefused) as error:
        raise InputRefused(_changed(name)) from error
    return told


def _signed(form: str, manifest: bytes) -> bytes:
    """What is signed: with the kind of pack, so that no signature of one kind is good for another."""
    return form.encode("ascii") + b"\n" + manifest


def _changed(name: str) -> Sentence:
    return Sentence(
        "%(file)s was changed after it was made, or is damaged; use it no more and fetch it anew", file=name
    )
