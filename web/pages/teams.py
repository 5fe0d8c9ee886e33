"""Teams of a zone: adding one, changing one, and how one was before."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pandas as pd
from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import InputRefused, LianfangError
from patrols.hours import DAYTIME, Terms, read_breaks, read_hours, read_words
from patrols.repository import calendars, of_plan
from patrols.repository.team_states import team_states
from web.access import Action, needs
from web.forms import local_moment
from web.geofeatures import collection
from web.maps.words import MODES
from web.requests import access, audit, db, render, scope, translator
from web.teamwords import clock_span, served_words

bp = Blueprint("teams", __name__, url_prefix="/zones/<zone_code>/teams")


@bp.get("/new")
@needs(Action.ZONES_EDIT)
def new(zone_code: str) -> Response:
    """An empty form."""
    return _form(_zone(zone_code), MultiDict())


@bp.post("/new")
@needs(Action.ZONES_EDIT)
def add(zone_code: str) -> Response:
    """Give a zone one more team."""
    from patrols.services import teams

    zone, given = _zone(zone_code), request.form
    try:
        teams.add_team(db(), zone_code, given.get("code", ""), _given(given), author=access().account.name)
    except LianfangError as refused:
        # What was half written goes; the page is read anew.
        db().rollback()
        return _form(zone, given, error=refused, status=422)
    audit("add", f"team {given['code'].strip()}", zone=zone_code)
    flash(gettext("The team was stored."), "success")
    return redirect(f"/zones/{quote(zone_code, safe='')}")


@bp.post("/end")
@needs(Action.ZONES_EDIT)
def end(zone_code: str) -> Response:
    """Let a team serve no more."""
    from patrols.services import teams

    _zone(zone_code)
    team = request.form.get("team", "")
    teams.end_team(db(), zone_code, team, now=datetime.now(UTC))
    audit("remove", f"team {team}", zone=zone_code)
    flash(gettext("The team serves no more; plans made with it stay."), "success")
    return redirect(f"/zones/{quote(zone_code, safe='')}")


@bp.get("/<code>")
@needs(Action.ZONES_VIEW)
def record(zone_code: str, code: str) -> Response:
    """One team, to look at and to change."""
    zone = _zone(zone_code)
    states = team_states(db(), zone["id"], code)
    if states.empty:
        abort(404)
    return _form(zone, _as_given(states.iloc[0].to_dict()), code=code)


@bp.post("/<code>")
@needs(Action.ZONES_EDIT)
def change(zone_code: str, code: str) -> Response:
    """Let it serve otherwise from now on."""
    from patrols.services import teams

    zone, given = _zone(zone_code), request.form
    states = team_states(db(), zone["id"], code)
    if states.empty:
        abort(404)
    before, offered = states.iloc[0], _offered(zone)
    try:
        stated = _given(given)
        # What the form does not show cannot have been struck out.
        terms = replace(
            stated.terms,
            keep_out=(*stated.terms.keep_out, *_not_offered(before["keep_out"], offered)),
            partners=(*stated.terms.partners, *_not_offered(before["partners"], offered)),
        )
        number = teams.change_team(
            db(),
            zone_code,
            code,
            replace(stated, terms=terms),
            now=datetime.now(UTC),
            author=access().account.name,
        )
    except LianfangError as refused:
        db().rollback()
        return _form(zone, given, code=code, error=refused, status=422)
    if number == before["id"]:
        flash(gettext("Nothing was changed."), "info")
    else:
        audit("change", f"team {code}", zone=zone_code)
        flash(gettext("The team was stored; it serves so from now on."), "success")
    return redirect(f"/zones/{quote(zone_code, safe='')}/teams/{quote(code, safe='')}")


def _zone(code: str) -> dict[str, Any]:
    found = of_plan.zone(db(), code)
    if found is None:
        abort(404)
    return found


def _offered(zone: dict[str, Any]) -> set[str]:
    """Paths of the villages that a form of this zone lets one choose."""
    members = of_plan.members(db(), zone["id"])
    return set(members.loc[members["seen"], "path"])


def _not_offered(paths: Iterable[str], offered: Collection[str]) -> list[str]:
    """Villages of a stored team that its form does not show: of other areas, or not of the zone any more."""
    return [path for path in paths if path not in offered]


def _form(
    zone: dict[str, Any],
    given: MultiDict[str, str],
    *,
    code: str = "",
    error: LianfangError | None = None,
    status: int = 200,
) -> Response:
    t = translator()
    name = "name" if t.lang == "zh" else "name_en"
    states = team_states(db(), zone["id"], code) if code else pd.DataFrame()
    members = of_plan.members(db(), zone["id"])
    names = dict(zip(members["path"], members[name], strict=True))
    offered = set(members.loc[members["seen"], "path"])
    homes = [(path, names[path]) for path in sorted(offered)]
    serves = bool(len(states)) and pd.isna(states["until"].iloc[0])
    home = states["village"].iloc[0] if len(states) else None
    if home is not None and home not in offered:
        homes.append((home, states["village_name" if t.lang == "zh" else "village_name_en"].iloc[0] or home))
    return render(
        "teams/record.html",
        status=status,
        zone=zone,
        zone_title=zone[name] or zone["name"],
        title=_title(states.iloc[0].to_dict()) if len(states) else "",
        code=code,
        found=serves,
        given=given,
        error=error,
        homes=homes,
        offered=[(path, words, "") for path, words in homes if path in offered],
        stays={
            field: [
                names.get(path, path.rpartition(".")[2])
                for path in (_not_offered(states[field].iloc[0], offered) if len(states) else ())
            ]
            for field in ("keep_out", "partners")
        },
        layers=[
            {
                "features": collection(of_plan.zone_shape(db(), zone["id"]), label="id"),
                "colour": "#1b1f23",
                "weight": 3,
                "fill": 0,
                "frame": True,
            },
            {
                "features": collection(members, id="path", label=name),
                "colour": "#6b747b",
                "weight": 1,
                "fill": 0.05,
            },
        ],
        name_column=name,
        modes=MODES,
        daytime=clock_span(*DAYTIME),
        calendars=[
            {"code": row["code"], "title": row[name] or row["name"]}
            for row in calendars.calendars(db()).to_dict("records")
        ],
        states=[_state(row) for row in states.to_dict("records")],
        may_edit=access().may(Action.ZONES_EDIT)
        and bool(scope())
        and (not code or (serves and bool(states["mine"].iloc[0]))),
    )


def _state(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """One state of a team in words."""
    t = translator()
    village = row["village_name" if t.lang == "zh" else "village_name_en"]
    return {
        # Teams that were there from the first have no beginning worth telling.
        "since": t.moment(row["since"]) if row["since"].year > 1970 else "–",
        "until": "–" if pd.isna(row["until"]) else t.moment(row["until"]),
        "name": _title(row),
        "village": "–" if pd.isna(village) else village,
        "mode": t(MODES[row["mode"]]),
        "size": t.number(row["size"]),
        "served": served_words({str(name): value for name, value in row.items()}, t),
        "author": row["author"] or "–",
    }


def _title(row: Mapping[Hashable, Any]) -> str:
    return str(row["name"] if translator().lang == "zh" else row["name_en"] or row["name"])


def _as_given(row: dict[str, Any]) -> MultiDict[str, str]:
    """A stored state as the form writes it."""
    terms, zone = Terms.of_row(row), translator().zone
    flies = not pd.isna(row["range_m"])
    return MultiDict(
        [
            ("name", row["name"]),
            ("name_en", row["name_en"] or ""),
            ("village", row["village"] or ""),
            ("mode", row["mode"]),
            ("size", str(row["size"])),
            ("skills", ", ".join(terms.skills)),
            ("pace_percent", str(terms.pace_percent)),
            ("lon", f"{row['geometry'].x:.6f}"),
            ("lat", f"{row['geometry'].y:.6f}"),
            ("range_m", f"{row['range_m']:g}" if flies else ""),
            ("endurance_min", f"{row['endurance_s'] / 60:g}" if flies else ""),
            ("hours", terms.hours_text),
            ("daytime_only", "yes" if terms.daytime_only else ""),
            ("calendar", terms.calendar or ""),
            ("breaks", terms.breaks_text),
            *(
                (name, "" if pd.isna(row[name]) else _written(row[name].astimezone(zone)))
                for name in ("starts_at", "ends_at")
            ),
            *(("keep_out", path) for path in terms.keep_out),
            *(("partners", path) for path in terms.partners),
        ]
    )


def _given(given: MultiDict[str, str]) -> Any:
    """What the form states of a team, as the service takes it."""
    from patrols.services.teams import TeamGiven

    endurance_s = _seconds(given, "endurance_min", gettext("Minutes in the air"))
    return TeamGiven(
        name=given.get("name", ""),
        name_en=given.get("name_en", ""),
        village=given.get("village") or None,
        mode=given.get("mode", ""),
        size=_whole(given.get("size", ""), gettext("People")),
        base=_position(given),
        range_m=_optional(given, "range_m", gettext("Range in metres")),
        endurance_s=endurance_s,
        starts_at=_moment(given, "starts_at", gettext("Serves from")),
        ends_at=_moment(given, "ends_at", gettext("Serves until")),
        terms=Terms(
            hours=read_hours(given.get("hours", "")),
            daytime_only=given.get("daytime_only") == "yes",
            breaks=read_breaks(given.get("breaks", "")),
            skills=read_words(given.get("skills", "")),
            pace_percent=_whole(given.get("pace_percent") or "100", gettext("Pace")),
            keep_out=tuple(dict.fromkeys(given.getlist("keep_out"))),
            partners=tuple(dict.fromkeys(given.getlist("partners"))),
            calendar=given.get("calendar") or None,
        ),
    )


def _whole(value: str, what: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40])
        ) from error


def _optional(given: MultiDict[str, str], name: str, what: str) -> int | None:
    value = given.get(name, "").strip()
    return _whole(value, what) if value else None


def _seconds(given: MultiDict[str, str], name: str, what: str) -> int | None:
    """A field of minutes, also parts of one: files state a flight in seconds."""
    value = given.get(name, "").strip()
    if not value:
        return None
    try:
        return round(float(value) * 60)
    except (ValueError, OverflowError) as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40])
        ) from error


def _written(moment: datetime) -> str:
    """A time as a form takes it; with its seconds where it has some, so that storing the form loses none."""
    return f"{moment:%Y-%m-%dT%H:%M}" + (f":{moment:%S}" if moment.second else "")


def _moment(given: MultiDict[str, str], name: str, what: str) -> datetime | None:
    value = given.get(name, "").strip()
    return local_moment(value, translator().zone, what) if value else None


def _position(given: MultiDict[str, str]) -> tuple[float, float] | None:
    lon, lat = given.get("lon", "").strip(), given.get("lat", "").strip()
    if not lon and not lat:
        return None
    refused = InputRefused(gettext("Base: “%(value)s” is no position.", value=f"{lon}, {lat}"[:40]))
    try:
        point = float(lon), float(lat)
    except ValueError as error:
        raise refused from error
    if not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
        raise refused
    return point
