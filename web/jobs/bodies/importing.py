"""Take in an uploaded file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from geo.scope import Scope
from web.database import var_dir
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.bodies import basemap
from web.jobs.queue import enqueue
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words, as_stored

if TYPE_CHECKING:
    from web.imports import ImportOrder, Upload

KIND = "import"
FILE = ("sha256", "file")
OPTIONS = (
    *("kind", "datum", "mapping", "keep_good", "dry_run", "name", "timezone", "zone", "within"),
    *("whole_of", "retire"),
)
KEPT_SENTENCES = 500

TITLES = {
    "jurisdictions": N_("Import of jurisdictions: %(file)s"),
    "roads": N_("Import of roads: %(file)s"),
    "obstructions": N_("Import of buildings: %(file)s"),
    "places": N_("Import of places: %(file)s"),
    "cameras": N_("Import of cameras: %(file)s"),
    "zones": N_("Import of zones: %(file)s"),
    "teams": N_("Import of teams: %(file)s"),
}


def title(kind: str, file: str) -> Words:
    """What the import of a file is called."""
    return Words(TITLES[kind], {"file": file})


@dataclass(frozen=True)
class FileOrder:
    """Which file, and how to take it in."""

    upload: Upload
    order: ImportOrder


def order(arguments: Mapping[str, Any]) -> FileOrder:
    """From sha256 and file (name) of an upload, and the fields of `web.imports.ImportOrder`.

    The file must be there: `web.imports.keep_upload` puts it where the worker looks.
    """
    # Loads every importer, which takes seconds: only whoever asks for an import waits for it.
    from cameras.services import Listing
    from web.imports import ImportOrder, Upload

    read.known(arguments, (*FILE, *OPTIONS), KIND)
    options: dict[str, Any] = {name: read.one(arguments, name, str) for name in ("kind", "datum")}
    for name in ("name", "timezone", "zone"):
        if name in arguments:
            options[name] = read.one(arguments, name, str)
    for name in ("keep_good", "dry_run"):
        options[name] = read.one(arguments, name, bool, False)
    if arguments.get("mapping") is not None:
        options["mapping"] = read.one(arguments, "mapping", dict)
    if "within" in arguments:
        # Paths joined by commas; the empty text is nowhere, never everywhere.
        options["within"] = Scope.of(filter(None, read.one(arguments, "within", str).split(",")))
    if options["kind"] == "cameras":
        options["listing"] = Listing(
            read.one(arguments, "whole_of", str, ""), read.one(arguments, "retire", bool, False)
        )
    upload = Upload(read.one(arguments, "sha256", str), read.one(arguments, "file", str))
    upload.path(var_dir())
    return FileOrder(upload, ImportOrder(**options))


@job(KIND, read=order)
def run(session: Session, asked: FileOrder, tell: Tell) -> Outcome:
    """Read, check and store, all in the session's transaction."""
    from web.basemap import DRAWN
    from web.imports import batches_since, import_file, newest_batch

    before = newest_batch(session)
    tell(0.1, N_("Reading, checking and storing the file"))
    report = import_file(session, asked.upload.path(var_dir()), asked.order, author=tell.author)
    batches = batches_since(session, before, asked.upload.sha256)
    if report.stored and report.kind in DRAWN:
        # A job of its own: it begins when this one has committed, and is not lost if this one is.
        enqueue(
            session,
            basemap.KIND,
            {},
            account=None,
            title=basemap.title(),
            jurisdiction_path=None,
            author=tell.author,
        )
    figures = {"good": report.good, "problems": len(report.problems), "findings": len(report.findings)}
    summary = (
        Words(N_("Nothing stored: %(good)s rows are good, %(problems)s bad, %(findings)s odd."), figures)
        if asked.order.dry_run
        else Words(
            N_("%(stored)s rows stored; %(problems)s bad, %(findings)s odd."),
            {"stored": report.stored, "problems": len(report.problems), "findings": len(report.findings)},
        )
    )
    if report.counts:
        summary = Words(
            N_(
                "%(added)s added, %(moved)s moved, %(changed)s changed, %(restored)s back, "
                "%(unchanged)s as before, %(gone)s gone; %(problems)s bad, %(findings)s odd."
            ),
            {**report.counts, "problems": len(report.problems), "findings": len(report.findings)},
        )
    details = {
        "kind": report.kind,
        "stored": report.stored,
        "good": report.good,
        "batches": batches,
        "problems": [as_stored(one) for one in report.problems[:KEPT_SENTENCES]],
        "problem_count": len(report.problems),
        "findings": [as_stored(one) for one in report.findings[:KEPT_SENTENCES]],
        "finding_count": len(report.findings),
        "counts": dict(report.counts),
        "changes": [as_stored(one) for one in report.changes[:KEPT_SENTENCES]],
        "change_count": len(report.changes),
    }
    return Outcome(f"/imports/{batches[-1]}" if batches else None, summary, details)
