"""Map and gaps of somebody's own files: pure computing, nothing is stored in the database."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import event
from sqlalchemy.orm import Session

from geo.datums import check_datum
from geo.errors import InputRefused, Sentence
from web.database import RESULTS, var_dir
from web.i18n import LANGUAGES, N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words, as_stored

if TYPE_CHECKING:
    from web.imports import Upload

KIND = "own"
ARGUMENTS = (
    "cameras_sha256",
    "cameras_file",
    "streets_sha256",
    "streets_file",
    "datum",
    "day",
    "zone",
    "lang",
    "within",
)
MAP, GAPS_GEOJSON, GAPS_CSV = "map.html", "gaps.geojson", "gaps.csv"
FILES = (MAP, GAPS_GEOJSON, GAPS_CSV)
KEPT_SENTENCES = 500


def title(file: str) -> Words:
    """What it is called."""
    return Words(N_("Own map of %(file)s"), {"file": file})


def results_dir(folder: Path, job_id: int) -> Path:
    """Where a job's files are kept, below the program's own folder."""
    return folder / RESULTS / str(job_id)


@dataclass(frozen=True)
class OwnOrder:
    """Which files, and how to read them."""

    cameras: Upload
    streets: Upload
    datum: str
    day: date
    zone: ZoneInfo
    lang: str


def order(arguments: Mapping[str, Any]) -> OwnOrder:
    """From two uploads, the list's datum, the day (ISO 8601) and its zone, and the map's language.

    `within` says where whoever asked may work, and so who sees the job; nothing is left out for it.
    """
    from web.imports import Upload

    read.known(arguments, ARGUMENTS, KIND)
    uploads = [
        Upload(read.one(arguments, f"{name}_sha256", str), read.one(arguments, f"{name}_file", str))
        for name in ("cameras", "streets")
    ]
    for upload in uploads:
        upload.path(var_dir())
    datum, lang = read.one(arguments, "datum", str), read.one(arguments, "lang", str)
    check_datum(datum)
    if lang not in LANGUAGES:
        raise InputRefused(
            Sentence(
                "language '%(lang)s' is not known; give %(known)s", lang=lang, known=" / ".join(LANGUAGES)
            )
        )
    day, zone = read.one(arguments, "day", str), read.one(arguments, "zone", str)
    try:
        return OwnOrder(uploads[0], uploads[1], datum, date.fromisoformat(day), ZoneInfo(zone), lang)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise InputRefused(
            Sentence("'%(day)s' in '%(zone)s' is no day of a time zone; write 2026-11-22", day=day, zone=zone)
        ) from error


def words_at(share: float) -> str:
    """What is being done when this share is."""
    if share < 0.2:
        return N_("Reading both files")
    if share < 0.85:
        return N_("Working out what each camera may see")
    return N_("Drawing the map")


@job(KIND, read=order)
def run(session: Session, asked: OwnOrder, tell: Tell) -> Outcome:
    """Compute, draw, and keep the files under the job's number, all of them or none."""
    from web.exports import write_table
    from web.maps import render_map
    from web.owndata import own_data

    folder = var_dir()
    tell(0.0, words_at(0.0))
    made = own_data(
        asked.cameras.path(folder),
        asked.streets.path(folder),
        datum=asked.datum,
        day=asked.day,
        zone=asked.zone,
        title=Path(asked.cameras.name).stem,
        now=datetime.now(UTC),
        progress=lambda share: tell(share, words_at(share)),
    )
    tell(0.9, words_at(0.9))
    kept = results_dir(folder, tell.job_id)
    unfinished = kept.with_name(f".{kept.name}.{tell.attempt}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        page = render_map(made.map, lang=asked.lang)
        (unfinished / MAP).write_text(page, encoding="utf-8")
        for name in (GAPS_GEOJSON, GAPS_CSV):
            write_table(made.gaps, unfinished / name, layer="gaps")
        tell(0.99)
        shutil.rmtree(kept, ignore_errors=True)
        unfinished.rename(kept)
        _remove_if_rolled_back(session, kept)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    figures = {
        "cameras": made.figures["cameras"],
        "gaps": made.figures["gaps"],
        "problems": len(made.problems),
    }
    return Outcome(
        f"/results/{tell.job_id}",
        Words(N_("%(cameras)s cameras drawn, %(gaps)s gaps; %(problems)s rows refused."), figures),
        {
            **made.figures,
            "problems": [as_stored(one) for one in made.problems[:KEPT_SENTENCES]],
            "findings": [as_stored(one) for one in made.findings[:KEPT_SENTENCES]],
        },
    )


def _remove_if_rolled_back(session: Session, kept: Path) -> None:
    """A job that is cancelled or fails after all leaves no files, as it leaves no rows."""
    made = kept.stat().st_ino

    def remove(_session: Session) -> None:
        # Not those of a later attempt, which has made the folder anew.
        if kept.is_dir() and kept.stat().st_ino == made:
            shutil.rmtree(kept)

    event.listen(session, "after_rollback", remove, once=True)
