"""Fixed duties made, changed, ended and taken from files."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

import geopandas as gpd
from psycopg.errors import ExclusionViolation
from shapely import Point
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo import repository as places
from geo.db import rehearsal
from geo.errors import InputRefused, Sentence
from geo.readers.result import Imported
from geo.scope import WHOLE_SITE, Scope
from geo.services import ImportReport, Source, add_source, refuse_twice
from patrols.codes import refuse_code, refuse_name
from patrols.duties import Duty, written_windows
from patrols.problem import CrossRule
from patrols.readers.duties import DEFAULTS, KindDefaults, read_duties
from patrols.repository import calendars as calendar_store
from patrols.repository import duties as store
from patrols.services.ruling import counts, uncounted
from patrols.services.zoning import villages


def add_duty(
    session: Session,
    duty: Duty,
    *,
    name_en: str = "",
    calendar: str | None = None,
    note: str = "",
    place: tuple[float, float] | None,
    now: datetime,
    author: str,
    source: Source | None = None,
) -> list[str]:
    """Store a fixed duty that holds from `now` on.

    Parameters
    ----------
    calendar : str, optional
        Code; None: every day.
    place : (lon, lat) or None
        EPSG:4326.
    source : Source, optional
        Where it comes from; left out, made by hand.

    Returns
    -------
    list of str
        What is worth knowing: that it lies in no zone.

    Raises
    ------
    InputRefused
        Without a code, a name or a place; for a taken code, an unknown calendar or village, and a place
        outside every jurisdiction.
    """
    refuse_code(duty.code)
    if duty.code in store.codes(session):
        raise InputRefused(
            Sentence(
                "fixed duty '%(code)s' is already stored; give another code, or change it", code=duty.code
            )
        )
    return _write(
        session,
        duty,
        name_en=name_en,
        calendar=calendar,
        note=note,
        place=place,
        now=now,
        author=author,
        source=source or _by_hand(duty.code, author),
    )


def change_duty(
    session: Session,
    duty: Duty,
    *,
    name_en: str = "",
    calendar: str | None = None,
    note: str = "",
    place: tuple[float, float] | None,
    now: datetime,
    author: str,
) -> list[str]:
    """Write another content under a duty's code from `now` on; what it was before stays known.

    As `add_duty`; an unknown code is refused. Villages that it had may stay though the session does not see
    them.
    """
    stored = store.duties(session).set_index("code")["villages"]
    before = list(stored.get(duty.code, []))
    if not store.end_duty(session, duty.code, now=now):
        raise _unknown(session, duty.code)
    return _write(
        session,
        duty,
        name_en=name_en,
        calendar=calendar,
        note=note,
        place=place,
        now=now,
        author=author,
        source=_by_hand(duty.code, author),
        known=before,
    )


def end_duty(session: Session, code: str, *, now: datetime) -> None:
    """Let a duty hold no more; plans made with it stay, and are shown as out of date.

    Raises
    ------
    InputRefused
        For an unknown code.
    """
    if not store.end_duty(session, code, now=now):
        raise _unknown(session, code)


def import_duties(
    session: Session,
    path: Path,
    *,
    datum: str,
    author: str,
    now: datetime,
    within: Scope = WHOLE_SITE,
    defaults: Mapping[str, KindDefaults] = DEFAULTS,
    mapping: dict[str, str] | None = None,
    keep_good: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Take in a file of fixed duties; rows outside every jurisdiction, or outside `within`, are refused."""
    found = read_duties(
        path,
        datum=datum,
        calendars=list(calendar_store.calendars(session)["code"]),
        villages=villages(session),
        defaults=defaults,
        area=places.site_area(session),
        mapping=mapping,
        keep_good=keep_good,
    )
    source = Source.of_file(path, datum=datum, label="real", author=author)
    refuse_twice(session, "duties", source)
    found = _placed(session, found, path.name, within, keep_good)
    with rehearsal(session, only=dry_run):
        _store(session, found.frame, source, now, author)
    outside = [
        Sentence("fixed duty '%(code)s' lies in no zone: no plan takes it in until one does", code=code)
        for code, point in zip(found.frame["code"], found.frame.geometry, strict=True)
        if not store.zones_at(session, point.x, point.y)
    ]
    count = len(found.frame)
    findings = (*found.findings, *outside)
    return ImportReport("duties", 0 if dry_run else count, count, found.problems, findings, found.frame)


def _placed(session: Session, found: Imported, file: str, within: Scope, keep_good: bool) -> Imported:
    """With the path each lies in; refused where it lies nowhere, outside the scope, or is stored already."""
    taken = store.codes(session)
    paths = places.paths_at(session, found.frame.geometry)
    told = {}
    for row, code, path in zip(found.frame.index, found.frame["code"], paths, strict=True):
        if code in taken:
            told[int(row)] = Sentence("fixed duty '%(code)s' is already stored; give another code", code=code)
        elif path is None:
            told[int(row)] = Sentence(
                "fixed duty '%(code)s' lies outside every jurisdiction; correct its position or its datum",
                code=code,
            )
        elif not within.covers(path):
            told[int(row)] = Sentence("fixed duty '%(code)s' lies outside your area", code=code)
    kept = found.without(told, file, "duties", keep_good)
    kept.frame["village"] = paths.reindex(kept.frame.index)
    return kept


def _write(
    session: Session,
    duty: Duty,
    *,
    name_en: str,
    calendar: str | None,
    note: str,
    place: tuple[float, float] | None,
    now: datetime,
    author: str,
    source: Source,
    known: Collection[str] = (),
) -> list[str]:
    if not duty.code or not duty.name:
        raise InputRefused(Sentence("a fixed duty needs a code and a name"))
    refuse_name(duty.name, name_en.strip())
    if place is None:
        raise InputRefused(Sentence("a fixed duty needs a place: click on the map where it is"))
    if calendar is not None and calendar not in set(calendar_store.calendars(session)["code"]):
        raise InputRefused(
            Sentence(
                "calendar '%(code)s' is not known; known are: %(known)s",
                code=calendar,
                known=", ".join(calendar_store.calendars(session)["code"]),
            )
        )
    there = {*villages(session)["path"], *known}
    for village in duty.villages:
        if village not in there:
            raise InputRefused(Sentence("village '%(village)s' is not known or has no area", village=village))
    points = gpd.GeoSeries([Point(place)], crs=4326)
    path = places.paths_at(session, points).iloc[0]
    if path is None:
        raise InputRefused(
            Sentence(
                "fixed duty '%(code)s' lies outside every jurisdiction; correct its position or its datum",
                code=duty.code,
            )
        )
    frame = gpd.GeoDataFrame(
        {
            "code": [duty.code],
            "name": [duty.name],
            "name_en": [name_en.strip() or None],
            "kind": [duty.kind],
            "calendar": [calendar],
            "hours": [[written_windows([hours]) for hours in duty.hours]],
            "stay_s": [duty.stay_s],
            "required": [duty.required],
            "prize": [duty.prize],
            "villages": [list(duty.villages)],
            "teams": [list(duty.teams)],
            "note": [note.strip()],
            "village": [path],
        },
        geometry=points.to_numpy(),
        crs=4326,
    )
    _store(session, frame, source, now, author)
    if store.zones_at(session, *place):
        return []
    return [
        Sentence("fixed duty '%(code)s' lies in no zone: no plan takes it in until one does", code=duty.code)
    ]


def _store(session: Session, frame: gpd.GeoDataFrame, source: Source, now: datetime, author: str) -> None:
    try:
        with session.begin_nested():
            batch = add_source(session, "duties", source, len(frame))
            store.add_duties(session, frame, batch, now=now, author=author)
    except (IntegrityError, ExclusionViolation) as error:
        violated = error.orig if isinstance(error, IntegrityError) else error
        if not isinstance(violated, ExclusionViolation):
            raise
        raise InputRefused(
            Sentence(
                "%(file)s: a code of these %(kind)s is already stored outside your area; give another code",
                file=source.file_name,
                kind=Sentence("duties"),
            )
        ) from error


def _by_hand(code: str, author: str) -> Source:
    """The source of what was made on a page: no file, so each time counts as another one."""
    return Source(f"duty {code}, by hand", secrets.token_hex(32), "wgs84", "real", author)


def _unknown(session: Session, code: str) -> InputRefused:
    known = ", ".join(sorted(store.codes(session))) or Sentence("none yet")
    return InputRefused(
        Sentence("fixed duty '%(code)s' is not known; known are: %(known)s", code=code, known=known)
    )


def uncounted_teams(session: Session, code: str) -> list[str]:
    """What to know of the teams that must come to a duty: whose visit does not count for crossing there."""
    return [
        uncounted(code, row["code"], rule)
        for row in store.posted_teams(session, code).to_dict("records")
        if not counts(row["village"], row["villages"], rule := CrossRule(**row["rule"]))
    ]
