"""What goes out: a signed pack of one plan's routes, stops and papers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from geo.errors import InputRefused, Sentence
from web.duty.calendar import calendar
from web.duty.content import Duty
from web.duty.gpx import gpx
from web.duty.sheets import duty_sheets
from web.duty.sign_in import sign_in_sheets
from web.duty.tables import geojson
from web.duty.text import plan_text
from web.i18n import Translator
from web.packs.container import Pack, packed, unpacked
from web.packs.keys import Keys, PublicKey

FORM = "lianfang-patrol-pack/1"
PLAN, LIST = "plan.json", "check-ins.csv"
LIST_HEADS = (
    *("team", "team_name", "order", "stop", "place", "planned_start", "planned_end"),
    *("came", "left", "signer", "note"),
)
"""Of the list that is filled in on the other side."""


@dataclass(frozen=True)
class PackedVisit:
    """A planned visit: of a team by its number, at a stop by its number and id."""

    team: int
    stop: int
    stop_id: str
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True)
class PatrolPack:
    """A pack that was checked: whose plan it is and what it plans."""

    pack: Pack
    plan: int
    identity: str
    zone: str
    start: datetime
    end: datetime
    timezone: ZoneInfo
    teams: Mapping[int, str]
    stops: Mapping[str, int]
    visits: tuple[PackedVisit, ...]


def patrol_pack(spoken: Mapping[str, Duty], zone: ZoneInfo, *, home: str, keys: Keys) -> bytes:
    """A pack of a plan: no camera, footprint, gap, cause or prize is in it, for none is in a `Duty`.

    Parameters
    ----------
    spoken : mapping
        What may be handed out, by language.
    zone : ZoneInfo
        The site's.
    home : str
        Address of the server on the other side, for codes and links.
    keys : Keys
        Of this machine.
    """
    duty = next(iter(spoken.values()))
    files: dict[str, bytes] = {
        PLAN: _json(_plan(duty, zone)),
        LIST: blank_list(duty, zone),
        "routes.geojson": geojson(duty),
    }
    for lang, said in spoken.items():
        t = Translator(lang, zone)
        files[f"{lang}/duty-sheets.pdf"] = duty_sheets(said, t, home=home)
        files[f"{lang}/sign-in-sheets.pdf"] = sign_in_sheets(said, t, home=home)
        files[f"{lang}/text.txt"] = f"{plan_text(said, t)}\n".encode()
        files[f"{lang}/shifts.ics"] = calendar(said, t, home=home)
        for team in said.teams:
            files[f"{lang}/gpx/{team.number:02d}.gpx"] = gpx(said, t, [team])
    head = {
        "plan": duty.plan,
        "identity": identity(duty),
        "zone": duty.zone,
        "zone_code": duty.zone_code,
        "start": duty.start.isoformat(),
        "end": duty.end.isoformat(),
        "draft": duty.draft,
    }
    return packed(FORM, head, files, keys)


def identity(duty: Duty) -> str:
    """SHA-256 of what makes a plan this plan: zone, shift, and who is where when. Names may change."""
    visits = [
        [team.code, visit.stop.id, _utc(visit.start_at), _utc(visit.end_at)]
        for team in duty.teams
        for visit in team.visits
    ]
    said = [duty.plan, duty.zone_code, _utc(duty.start), _utc(duty.end), visits]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode("ascii")).hexdigest()


def read_patrol_pack(path: Path, trusted: Iterable[PublicKey]) -> PatrolPack:
    """A pack from its file, checked.

    Raises
    ------
    InputRefused
        In one sentence: `web.packs.container.unpacked`.
    """
    pack = unpacked(path, FORM, trusted)
    try:
        said = json.loads(pack.files[PLAN])
        return PatrolPack(
            pack=pack,
            plan=int(pack.head["plan"]),
            identity=str(pack.head["identity"]),
            zone=str(pack.head["zone"]),
            start=datetime.fromisoformat(said["start"]),
            end=datetime.fromisoformat(said["end"]),
            timezone=ZoneInfo(said["timezone"]),
            teams={int(team["number"]): str(team["code"]) for team in said["teams"]},
            stops={str(stop["id"]): int(stop["number"]) for stop in said["stops"]},
            visits=tuple(
                PackedVisit(
                    int(team["number"]),
                    int(visit["stop"]),
                    str(visit["stop_id"]),
                    datetime.fromisoformat(visit["start_at"]),
                    datetime.fromisoformat(visit["end_at"]),
                )
                for team in said["teams"]
                for visit in team["visits"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputRefused(
            Sentence(
                "%(file)s is signed as it should be, and holds no plan that this program reads; is it of "
                "another version?",
                file=path.name,
            )
        ) from error


def blank_list(duty: Duty, zone: ZoneInfo) -> bytes:
    """The list to fill in (CSV, UTF-8): a line a visit in the order of the sheets."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(LIST_HEADS)
    for team in duty.teams:
        for visit in team.visits:
            times = (f"{at.astimezone(zone):%H:%M}" for at in (visit.start_at, visit.end_at))
            place = visit.stop.place or visit.stop.village
            row = [team.number, _cell(team.name), visit.order, visit.stop.number, _cell(place), *times]
            writer.writerow([*row, "", "", "", ""])
    # The mark lets a spreadsheet see that the Chinese text is UTF-8.
    return target.getvalue().encode("utf-8-sig")


def _cell(words: str) -> str:
    """Words that no spreadsheet takes for a formula."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _plan(duty: Duty, zone: ZoneInfo) -> dict[str, Any]:
    """A plan for programs: where and when."""
    return {
        "plan": duty.plan,
        "goes_on": duty.goes_on,
        "zone": duty.zone,
        "zone_code": duty.zone_code,
        "start": duty.start.isoformat(),
        "end": duty.end.isoformat(),
        "timezone": zone.key,
        "stops": [
            {
                "id": stop.id,
                "number": stop.number,
                "place": stop.place,
                "village": stop.village,
                "lon": round(stop.point.x, 7),
                "lat": round(stop.point.y, 7),
            }
            for stop in duty.stops
        ],
        "teams": [
            {
                "number": team.number,
                "code": team.code,
                "name": team.name,
                "mode": team.mode,
                "size": team.size,
                "village": team.village,
                "muster_at": team.muster_at.isoformat(),
                "muster_place": team.start_place,
                "start": [round(team.start.x, 7), round(team.start.y, 7)],
                "base": [round(team.base.x, 7), round(team.base.y, 7)],
                "back_at": team.back_at.isoformat(),
                "visits": [
                    {
                        "order": visit.order,
                        "stop": visit.stop.number,
                        "stop_id": visit.stop.id,
                        "start_at": visit.start_at.isoformat(),
                        "end_at": visit.end_at.isoformat(),
                    }
                    for visit in team.visits
                ],
            }
            for team in duty.teams
        ],
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _json(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False).encode("utf8")
