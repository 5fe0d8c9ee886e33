"""A file that is handed in: kept, if it is one that can be read."""

from __future__ import annotations

from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from geo.errors import InputRefused
from geo.readers.files import GRAPH_ENDING, OSM_ENDINGS
from web.imports import keep_upload
from web.pages.imports.asked import Asked
from web.requests import scope, server, translator

# A shapefile is several files at once, of which a form hands in one.
ENDINGS = (".csv", ".tsv", ".txt", ".geojson", ".json", ".gpkg", ".xlsx", ".xml", GRAPH_ENDING, *OSM_ENDINGS)
LARGEST_BYTES = 200 * 1024**2


def kept(given: FileStorage, endings: tuple[str, ...] = ENDINGS, largest: int = LARGEST_BYTES) -> Asked:
    """Keep an uploaded file; InputRefused for one that is too large, or of a form that is not read."""
    name = given.filename or ""
    if not name.lower().endswith(endings):
        raise InputRefused(
            gettext(
                "“%(name)s” is of no form that is read; give one of %(endings)s.",
                name=name[-60:],
                endings=" ".join(endings),
            )
        )
    size = given.stream.seek(0, 2)
    given.stream.seek(0)
    if not 0 < size <= largest:
        raise InputRefused(
            gettext(
                "“%(name)s” has %(size)s MB; a file may have up to %(largest)s MB and must not be empty.",
                name=name[-60:],
                size=translator().number(size / 1024**2, 1),
                largest=largest // 1024**2,
            )
        )
    upload = keep_upload(server().folder, given.stream, name)
    return Asked(upload.sha256, upload.name)


def own_path() -> str | None:
    """Where a job of whoever asks belongs; `within` keeps it to those who see as much as they do."""
    return None if scope().everywhere else scope().paths[0]
