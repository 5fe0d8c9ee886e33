"""`lianfang frames ...`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from cameras.frames import READERS
from cameras.services import SourceSpec, ingest_frames
from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from web.cli.common import PEER, author, command_options, parse_time
from web.database import open_database
from web.progress import Steps


@click.group("frames")
def frames() -> None:
    """Frame metadata: what the cameras really delivered."""


@frames.command("ingest")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--format", "format_", type=click.Choice(sorted(READERS)), help="When the ending does not tell."
)
@click.option("--camera", help="Code of the camera, for a file that names none (a flight, a video).")
@click.option("--begins", help="When the file began, for one that tells no times of its own.")
@click.option(
    "--source", help="Code of the source that delivered them [files; of one camera alone: file-CODE]."
)
@click.option(
    "--kind",
    type=click.Choice(["stream", "gateway", "heartbeat", "inspection"]),
    help="Kind of source; by the interval where left out.",
)
@click.option("--interval-s", type=float, help="Expected seconds between a camera's frames [new source: 60].")
@click.option("--datum", default="wgs84", show_default=True, help="Datum of positions in the frames.")
@click.option("--keep-good", is_flag=True, help="Store the good rows of a file that has bad ones.")
@command_options
def ingest(
    paths: tuple[Path, ...],
    format_: str | None,
    camera: str | None,
    begins: str | None,
    source: str | None,
    kind: str | None,
    interval_s: float | None,
    datum: str,
    keep_good: bool,
) -> dict[str, Any]:
    """Store frame metadata; the same file, or the same frame, is stored once.

    \b
    Columns: camera, captured_at, and optionally azimuth_deg, tilt_deg, hfov_deg,
    vfov_deg, width_px, height_px, luma, contrast, sharpness, similarity, noise,
    cast, shift, osd_at, lon, lat, altitude_m, height_m, event (lost). A time
    without a zone is the site's.

    Of a video (.ts, .mpg, .m2ts) its KLV metadata is read; .klv and .bin are such
    packets alone, .srt the subtitles of an aircraft. They need --camera, and
    --begins where they tell no times.

    Example: lianfang frames ingest gateway-2026-11-21.csv.gz --source gw-a --interval-s 60
    """
    # What was filmed by one camera says nothing by its silence of another.
    spec = SourceSpec(source or ("files" if camera is None else f"file-{camera}"), interval_s, kind or "")
    steps = Steps()
    told: dict[str, Any] = {"new": 0, "known": 0, "refused": 0, "files": []}
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            zone = current_site(session).timezone
        since = None if begins is None else parse_time(begins, zone, "--begins")
        for path in paths:
            with (
                steps.step(path.name, f"Reading {path.name}"),
                transaction(engine, scope=WHOLE_SITE) as session,
            ):
                report = ingest_frames(
                    session,
                    path,
                    spec,
                    now=datetime.now(UTC),
                    format=format_,
                    datum=datum,
                    keep_good=keep_good,
                    camera=camera,
                    begins=since,
                )
            for line in (*report.notes, *report.problems[:20]):
                click.echo(line, err=True)
            click.echo(
                f"{report.new} frames stored, {report.known} known, {report.refused} refused.", err=True
            )
            for name in ("new", "known", "refused"):
                told[name] += getattr(report, name)
            told["files"].append(path.name)
    return told


@frames.command("keep")
@click.option("--days", type=click.IntRange(min=1), help="Instead of the setting files.frames_days.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@command_options
def keep(days: int | None, dry_run: bool) -> dict[str, Any]:
    """Remove frames that are older than they are kept, day by day (UTC).

    The job worker does so every hour. A day stays while no stored analysis holds
    all of it: what its frames told of each camera would be lost.

    Example: lianfang frames keep --dry-run
    """
    from web.jobs.keeping import days_due, kept_for_want, remove_old_frames

    now = datetime.now(UTC)
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            due = days_due(session, now=now, keep_days=days)
        removed: dict[str, int] = {}
        if not dry_run:
            removed = remove_old_frames(engine, now=now, author=author(), peer=PEER, keep_days=days)
    stay = kept_for_want(due)
    for one in due:
        day = one.day.isoformat()
        if not one.holders:
            click.echo(f"{day}: kept, for no stored analysis holds all of it", err=True)
            continue
        held = f"analysis {', '.join(str(number) for number in one.holders)} holds it"
        if dry_run:
            click.echo(f"{day}: would be removed; {held}", err=True)
        elif day in removed:
            click.echo(f"{day}: {removed[day]} frames removed; {held}", err=True)
        else:
            click.echo(f"{day}: in use, left for the next time", err=True)
    if not due:
        click.echo("No day is older than frames are kept.", err=True)
    return {"removed": removed, "due": [one.day.isoformat() for one in due if one.holders], "kept": stay}


@frames.command("sources")
@command_options
def sources() -> dict[str, Any]:
    """Tell what each source delivered, what was refused, and what its clock does.

    Example: lianfang frames sources --json
    """
    from cameras.services.delivered import sources_told

    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        told = sources_told(session, now=datetime.now(UTC))
    rows = []
    for row in told.to_dict("records"):
        clock = ""
        if row["clock"] == "ahead":
            clock = f"; its clock is at least {row['clock_s']:.0f} s ahead"
        elif row["clock"] == "late":
            clock = f"; its clock is behind, or its batches come at least {row['clock_s']:.0f} s late"
        click.echo(
            f"{row['code']} ({row['kind']}, {row['expected_interval_s']:g} s, {row['cameras']} cameras): "
            f"{row['state']}; {row['today']} frames today, {row['week']} in 7 days, "
            f"{row['refused']} refused{clock}",
            err=True,
        )
        rows.append({name: _plain(value) for name, value in row.items()})
    if not rows:
        click.echo("No source has delivered frames yet; see lianfang frames ingest --help.", err=True)
    return {"sources": rows}


def _plain(value: Any) -> Any:
    """A value for JSON; what is missing is null."""
    if value is None or value != value:
        return None
    return value.isoformat() if isinstance(value, datetime) else value


# Pictures of a recording are judged in blocks of fewer before any is called a fault.
STILLS_HELD = 100


@frames.command("probe")
@click.argument("video", metavar="VIDEO_OR_URL")
@click.option("--camera", required=True, help="Code of the camera whose pictures they are.")
@click.option(
    "--every-s",
    type=click.FloatRange(min=0.01, max=86_400),
    default=1.0,
    show_default=True,
    help="Seconds from one judged picture to the next.",
)
@click.option(
    "--for-s", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds [to the end]."
)
@click.option("--begins", help="When a recording began; its own times count from then on.")
@click.option("--source", help="Code of the source [probe-CODE-1s, by camera and pace].")
@click.option("--read-clock", is_flag=True, help="Read the clock in the picture; needs tesseract.")
@click.option(
    "--clock-at",
    metavar="LEFT,TOP,WIDTH,HEIGHT",
    help="Where it stands, in per cent of the picture [looked for in the corners].",
)
@command_options
def probe(
    video: str,
    camera: str,
    every_s: float,
    for_s: float | None,
    begins: str | None,
    source: str | None,
    read_clock: bool,
    clock_at: str | None,
) -> dict[str, Any]:
    """Judge the pictures of a video file or a live stream and store what they are.

    An address (rtsp://…, http://…) is watched until Ctrl+C, SIGTERM or --for-s,
    at the time of this machine's clock, and reached again when it breaks off; with
    --begins it is read as a recording. A file needs --begins. No picture is kept
    (of a fault a small one, where the setting files.stills says so).

    \b
    Measured: luma, contrast, sharpness, similarity, noise, cast, shift (docs/diagnosis.md).

    With --read-clock the clock that the camera writes into its picture is read
    once a minute (setting probing.clock_every_s): of it alone, in its corner.

    Example: lianfang frames probe rtsp://10.0.0.8/h264 --camera N-01 --for-s 600
    """
    # Decoders and kernels take a second to load: only who probes waits for them.
    from cameras.frames.video import is_stream
    from cameras.onscreen import ClockReader, Region
    from cameras.services.probing import probed_camera
    from cameras.services.tesseract import Tesseract
    from cameras.services.thresholds import thresholds_of
    from cameras.stills import Stills
    from web.probing import Probe, stopped_by_signal
    from web.settings import analysis_settings, current

    if not is_stream(video) and not Path(video).is_file():
        raise click.BadParameter(f"{video} is no file", param_hint="VIDEO_OR_URL")
    place = None if clock_at is None else Region.parsed(clock_at)
    # Asked for first: nobody wants to learn a week later that no clock was read.
    tesseract = Tesseract() if read_clock or place is not None else None
    with open_database() as engine, stopped_by_signal() as stop:
        with transaction(engine, scope=WHOLE_SITE) as session:
            zone = current_site(session).timezone
            # Validity hangs on the seconds between two pictures, so each pace is a source of its own; each
            # camera, too: a probe says nothing by its silence of what another probed last week.
            spec = SourceSpec(source or f"probe-{camera}-{every_s:g}s", every_s, "stream")
            probed = probed_camera(
                session,
                camera,
                spec,
                now=datetime.now(UTC),
                begins=None if begins is None else parse_time(begins, zone, "--begins"),
            )
            chosen = current(session)
            limits = thresholds_of(session, camera, analysis_settings(chosen).thresholds)
        clock = None
        if tesseract is not None:
            every = float(chosen["probing.clock_every_s"])
            clock = ClockReader(tesseract, ZoneInfo(zone), every_s=every, place=place)
        return Probe(
            engine,
            video,
            probed,
            limits,
            every_s,
            float("inf") if for_s is None else for_s,
            stop,
            lambda sentence: click.echo(sentence, err=True),
            clock,
            Stills(STILLS_HELD + limits.frozen_frames) if chosen["files.stills"] == "on" else None,
        ).run()
