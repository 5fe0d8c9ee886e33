"""What somebody has said of an uploaded file so far, carried in the address and signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flask import abort, current_app
from itsdangerous import BadSignature, URLSafeSerializer

from cameras.services import Listing
from geo.datums import DATUMS
from geo.errors import LianfangError
from geo.services import DEFAULT_TIMEZONE
from web.imports import ImportOrder, Upload
from web.recognising import COLUMNS, recognised
from web.requests import access, scope, server

SALT = "lianfang-upload"


@dataclass(frozen=True)
class Asked:
    """An uploaded file and how it is to be taken in.

    Parameters
    ----------
    sha256, file : str
        The upload.
    kind, datum : str
        "" until somebody has said them.
    mapping : mapping
        Field to heading, for columns that are not recognised or mean something else.
    zone : str
        Code of the zone, for teams.
    name, timezone : str
        Of the site, where this import opens it.
    whole_of : str
        Code of the jurisdiction that a list of cameras is the whole list of; "" for a part.
    retire : bool
        Whether to close the records of cameras that are gone.
    """

    sha256: str
    file: str
    kind: str = ""
    datum: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    name: str = ""
    timezone: str = DEFAULT_TIMEZONE
    whole_of: str = ""
    retire: bool = False

    @property
    def token(self) -> str:
        """All of it as a part of an address, good for whoever uploaded the file."""
        return _signer().dumps([access().account.id, asdict(self)])

    @property
    def path(self) -> Path:
        """Where the file lies; 404 when it is gone."""
        try:
            return Upload(self.sha256, self.file).path(server().folder)
        except LianfangError:
            abort(404)

    @property
    def complete(self) -> bool:
        """Whether it says enough to read the file."""
        return self.kind in COLUMNS and self.datum in DATUMS

    def order(self, *, keep_good: bool, dry_run: bool) -> ImportOrder:
        """What the use cases take; InputRefused where something is missing."""
        return ImportOrder(
            kind=self.kind,
            datum=self.datum,
            mapping=dict(self.mapping) or None,
            keep_good=keep_good,
            dry_run=dry_run,
            name=self.name,
            timezone=self.timezone,
            zone=self.zone,
            within=scope(),
            listing=Listing(self.whole_of, self.retire) if self.kind == "cameras" else None,
        )

    def arguments(self, *, keep_good: bool) -> dict[str, Any]:
        """What the job takes."""
        made: dict[str, Any] = {
            "sha256": self.sha256,
            "file": self.file,
            "kind": self.kind,
            "datum": self.datum,
            "keep_good": keep_good,
            "name": self.name,
            "timezone": self.timezone,
            "zone": self.zone,
        }
        if self.kind == "cameras":
            made |= {"whole_of": self.whole_of, "retire": self.retire}
        if self.mapping:
            made["mapping"] = dict(self.mapping)
        if not scope().everywhere:
            made["within"] = scope().text
        return made

    def fields(self, headings: tuple[str, ...]) -> dict[str, str]:
        """Field to heading: those recognised, with what was said instead."""
        found = recognised(self.kind, headings) if self.kind in COLUMNS else {}
        return {**found, **self.mapping}


def asked_in(token: str) -> Asked:
    """What an address carries; 404 for one that was not made here for whoever asks."""
    try:
        account, values = _signer().loads(token)
    except BadSignature:
        abort(404)
    if account != access().account.id:
        abort(404)
    return Asked(**values)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=SALT)
