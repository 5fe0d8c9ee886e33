"""`lianfang recordings ...`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from web.cli.common import PEER, author, command_options, parse_time
from web.database import open_database
from web.progress import Steps
from web.tables import AuditEntry

FORMATS = ["csv", "gb28181", "xml"]


@click.group("recordings")
def recordings() -> None:
    """Lists of recordings: what is recorded of each camera and still there."""


@recordings.command("ingest")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", required=True, help="Code of the recorder or platform that keeps them.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="When the ending does not tell.")
@click.option("--seen-at", help="When the list was answered [now].")
@click.option("--from", "since", help="From when it was asked for, where it does not say so itself.")
@click.option("--to", "until", help="Until when it was asked for [when it was answered].")
@click.option("--keep-good", is_flag=True, help="Store the good rows of a file that has bad ones.")
@command_options
def ingest(
    path: Path,
    source: str,
    format_: str | None,
    seen_at: str | None,
    since: str | None,
    until: str | None,
    keep_good: bool,
) -> dict[str, Any]:
    """Store what a list of recordings says; it replaces what earlier ones said.

    \b
    .xml  answers to RecordInfo of GB/T 28181, with the questions where recorded
    .csv  columns camera, start, end, and optionally kind (time, alarm, manual)

    A time without a zone is the site's. What the list does not name, of the time
    it was asked for, was not there (any more): without --from that is from its
    first to its last recording.

    Example: lianfang recordings ingest nvr-3.xml --source nvr-3 --from 2026-10-22
    """
    # Readers and their libraries take a moment to load: only who ingests waits for them.
    from cameras.services.recording_lists import ingest_recordings

    steps = Steps()
    now = datetime.now(UTC)
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            zone = current_site(session).timezone
        times = {
            name: None if value is None else parse_time(value, zone, option)
            for name, value, option in (
                ("seen_at", seen_at, "--seen-at"),
                ("since", since, "--from"),
                ("until", until, "--to"),
            )
        }
        seen = times["seen_at"] or now
        if seen > now:
            raise click.BadParameter(
                f"{seen_at} lies ahead; no list was answered then", param_hint="--seen-at"
            )
        with (
            steps.step(path.name, f"Reading {path.name}"),
            transaction(engine, scope=WHOLE_SITE) as session,
        ):
            report = ingest_recordings(
                session,
                path,
                source,
                seen_at=seen,
                since=times["since"],
                until=times["until"],
                format=format_,
                keep_good=keep_good,
            )
            session.add(
                AuditEntry(
                    account_id=None,
                    account_name=author(),
                    event="add",
                    subject=f"recordings {source}",
                    jurisdiction_path=None,
                    detail={"file": path.name, "rows": report.listed, "cameras": report.cameras},
                    peer=PEER,
                )
            )
    for line in (*report.notes, *report.problems[:20]):
        click.echo(line, err=True)
    click.echo(
        f"{report.listed} recordings of {report.cameras} cameras are {report.stored} periods; "
        f"{report.refused} refused.",
        err=True,
    )
    return {
        "listed": report.listed,
        "stored": report.stored,
        "cameras": report.cameras,
        "refused": report.refused,
        "file": path.name,
    }
