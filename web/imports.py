"""Take in one file of any kind: what the command line, the jobs and the import pages share."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras.services import Listing, import_cameras
from geo.datums import check_datum
from geo.errors import InputRefused, LianfangError, Sentence
from geo.scope import WHOLE_SITE, Scope
from geo.services import DEFAULT_TIMEZONE, ImportReport, import_places
from geo.tables import ImportBatch
from patrols.services import import_teams, import_zones
from patrols.services.fixed_duties import import_duties
from web.database import UPLOADS
from web.settings import current, duty_defaults

KINDS_OF_PLACES = ("jurisdictions", "roads", "obstructions", "places")
KINDS = (*KINDS_OF_PLACES, "cameras", "zones", "teams", "duties")
"""What a file can hold, in the order in which a new site needs them."""
LOCAL_KINDS = frozenset({"cameras", "obstructions", "places", "duties"})
"""Kinds whose every row lies in one jurisdiction: who may import for a part of the site may import these."""

BLOCK_BYTES = 1 << 20
LONGEST_NAME = 120


@dataclass(frozen=True)
class ImportOrder:
    """How one file is to be taken in.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    datum : str
        Datum of its coordinates, one of `geo.datums`.
    mapping : mapping, optional
        Field to heading, for headings that are not recognised.
    keep_good : bool
        Store the good rows of a file that has bad ones.
    dry_run : bool
        Read and check, store nothing.
    name, timezone : str
        Of the site, where this import opens it.
    zone : str
        Code of the zone that teams belong to.
    within : Scope
        Where whoever imports may do so: rows outside are refused.
    listing : Listing, optional
        What a list of cameras claims.

    Raises
    ------
    InputRefused
        For an unknown kind or datum, or teams without a zone.
    """

    kind: str
    datum: str
    mapping: Mapping[str, str] | None = None
    keep_good: bool = False
    dry_run: bool = False
    name: str = ""
    timezone: str = DEFAULT_TIMEZONE
    zone: str = ""
    within: Scope = WHOLE_SITE
    listing: Listing | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputRefused(f"{self.kind!r} cannot be imported; give one of {', '.join(KINDS)}")
        check_datum(self.datum)
        if self.kind == "teams" and not self.zone:
            raise InputRefused(Sentence("teams belong to a zone; give its code"))
        if self.mapping is not None:
            object.__setattr__(self, "mapping", checked_mapping(self.mapping, "the mapping"))


def import_file(session: Session, path: Path, order: ImportOrder, *, author: str) -> ImportReport:
    """Take in a file inside the session's transaction, which the caller rolls back when this raises."""
    mapping = None if order.mapping is None else dict(order.mapping)
    common = {
        "datum": order.datum,
        "author": author,
        "mapping": mapping,
        "keep_good": order.keep_good,
        "dry_run": order.dry_run,
    }
    if order.kind not in LOCAL_KINDS and not order.within.everywhere:
        raise InputRefused(
            Sentence(
                "%(kind)s belong to more than one jurisdiction and your area is %(area)s; "
                "ask somebody who may import for the whole site",
                kind=Sentence(order.kind),
                area=order.within.text or Sentence("none"),
            )
        )
    if order.kind in KINDS_OF_PLACES:
        return import_places(
            session,
            order.kind,
            path,
            name=order.name,
            timezone=order.timezone,
            within=order.within,
            **common,  # type: ignore[arg-type]
        )
    if order.kind == "cameras":
        return import_cameras(session, path, within=order.within, listing=order.listing, **common)  # type: ignore[arg-type]
    if order.kind == "zones":
        return import_zones(session, path, **common)  # type: ignore[arg-type]
    if order.kind == "duties":
        return import_duties(
            session,
            path,
            now=datetime.now(UTC),
            within=order.within,
            defaults=duty_defaults(current(session)),
            **common,  # type: ignore[arg-type]
        )
    return import_teams(session, path, zone=order.zone, **common)  # type: ignore[arg-type]


def newest_batch(session: Session) -> int:
    """Key of the newest import there is; 0 before the first."""
    return session.scalar(select(func.max(ImportBatch.id))) or 0


def batches_since(session: Session, newest: int, sha256: str) -> list[int]:
    """Keys of the imports of a file that came after `newest`: an extract makes one a kind."""
    wanted = select(ImportBatch.id).where(ImportBatch.id > newest, ImportBatch.sha256 == sha256)
    return list(session.scalars(wanted.order_by(ImportBatch.id)))


def checked_mapping(found: object, where: str) -> dict[str, str]:
    """A mapping of field to heading; InputRefused for anything else."""
    if not isinstance(found, Mapping) or not all(isinstance(value, str) for value in found.values()):
        raise InputRefused(f'{where} is not an object of texts; write for example {{"code": "编号"}}')
    return {str(field): heading for field, heading in found.items()}


def read_mapping(path: Path) -> dict[str, str]:
    """A mapping from a JSON file."""
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise InputRefused(
            f"{path.name} is not JSON ({error}); write an object of field and heading"
        ) from error
    return checked_mapping(found, path.name)


@dataclass(frozen=True)
class Upload:
    """A file that was handed in, kept by its content under the name it came with.

    Parameters
    ----------
    sha256 : str
        Of its content, hexadecimal; names its folder.
    name : str
        The name it came with, without folders; its ending tells its format.
    """

    sha256: str
    name: str

    def path(self, folder: Path) -> Path:
        """Where it lies below the program's own folder; LianfangError when it is gone."""
        if not _is_digest(self.sha256) or self.name != _plain_name(self.name):
            raise InputRefused(f"{self.name!r} of {self.sha256!r} is no uploaded file")
        path = folder / UPLOADS / self.sha256 / self.name
        if not path.is_file():
            raise LianfangError(
                Sentence("the uploaded file %(file)s is gone; upload it again", file=self.name)
            )
        return path


def keep_upload(folder: Path, stream: IO[bytes], name: str) -> Upload:
    """Keep what somebody hands in, whole or not at all; the same content and name is kept once.

    Parameters
    ----------
    folder : Path
        The program's own (`web.database.var_dir`).
    stream : binary file
    name : str
        As the browser gives it; folders and control characters are dropped.
    """
    uploads = folder / UPLOADS
    uploads.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    descriptor, unfinished = tempfile.mkstemp(prefix=".upload-", dir=uploads)
    try:
        with os.fdopen(descriptor, "wb") as file:
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
        kept = Upload(digest.hexdigest(), _plain_name(name))
        (uploads / kept.sha256).mkdir(exist_ok=True)
        Path(unfinished).rename(uploads / kept.sha256 / kept.name)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return kept


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def _plain_name(name: str) -> str:
    """The last part of a name, printable, short enough for a file system, never empty or hidden."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip(". ")
    # The ending stays: it says which format it is.
    return plain[-LONGEST_NAME:].lstrip(". ") or "file"
