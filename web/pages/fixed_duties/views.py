"""The pages of fixed duties: the list, one with its history, adding, changing and ending."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols import repository
from patrols.duties import Duty, read_windows, written_windows
from patrols.repository import calendars as calendar_store
from patrols.repository import duties as store
from patrols.repository import of_plan
from web.access import Action, needs
from web.geofeatures import collection
from web.pages.fixed_duties.tables import DUTIES, KIND_WORDS
from web.refusals import said
from web.requests import access, audit, db, render, translator
from web.settings import current, duty_defaults
from web.tabular.view import table_view

bp = Blueprint("fixed_duties", __name__, url_prefix="/fixed-duties")


@bp.get("")
@needs(Action.ZONES_EDIT)
def listed() -> Response:
    """The fixed duties of somebody's area."""
    return table_view(DUTIES, "fixed_duties/list.html", parameters={"lang": translator().lang})


@bp.get("/new")
@needs(Action.ZONES_EDIT)
def new() -> Response:
    """A form with what is usual for a kind."""
    kind = request.args.get("kind", "school_gate")
    if kind not in KIND_WORDS:
        abort(404)
    usual = duty_defaults(current(db()))[kind]
    given = {
        "kind": kind,
        "hours": usual.hours,
        "stay_min": f"{usual.stay_s / 60:g}",
        "prize": str(usual.prize),
        **({"required": "yes"} if usual.required else {}),
    }
    return _form(MultiDict(given))


@bp.post("/new")
@needs(Action.ZONES_EDIT)
def add() -> Response:
    """Store a duty."""
    from patrols.services import fixed_duties as service

    given = request.form
    code = given.get("code", "").strip()
    try:
        told = service.add_duty(
            db(), _duty(given, code), now=datetime.now(UTC), author=access().account.name, **_rest(given)
        )
    except InputRefused as refused:
        # What was half written goes; the page is read anew.
        db().rollback()
        return _form(given, error=refused, status=422)
    audit("add", f"fixed duty {code}")
    _tell(gettext("The fixed duty was stored."), told)
    return redirect(f"/fixed-duties/{quote(code, safe='')}", 303)


@bp.get("/<path:code>")
@needs(Action.ZONES_EDIT)
def record(code: str) -> Response:
    """One duty, to be looked at and changed."""
    found = _found(code)
    lon, lat = _written((found["geometry"].x, found["geometry"].y))
    given = MultiDict(
        [
            ("code", code),
            ("name", found["name"]),
            ("name_en", found["name_en"] or ""),
            ("kind", found["kind"]),
            ("calendar", found["calendar"] or ""),
            ("hours", written_windows(read_windows(";".join(found["hours"])))),
            ("stay_min", f"{found['stay_s'] / 60:g}"),
            ("prize", str(found["prize"])),
            *([("required", "yes")] if found["required"] else []),
            ("teams", ", ".join(found["teams"])),
            *(("villages", path) for path in found["villages"]),
            ("note", found["note"]),
            ("lon", lon),
            ("lat", lat),
        ]
    )
    return _form(given, found)


@bp.post("/<path:code>")
@needs(Action.ZONES_EDIT)
def change(code: str) -> Response:
    """Write another content under its code, or let it hold no more."""
    from patrols.services import fixed_duties as service

    found, given, now = _found(code), request.form, datetime.now(UTC)
    try:
        if given.get("deed") == "end":
            service.end_duty(db(), code, now=now)
            audit("remove", f"fixed duty {code}")
            flash(gettext("The fixed duty holds no more; plans made with it stay."), "success")
            return redirect("/fixed-duties", 303)
        stated, offered = _duty(given, code), set(of_plan.village_choices(db())["path"])
        # What the form does not show cannot have been struck out.
        stays = [path for path in found["villages"] if path not in offered]
        told = service.change_duty(
            db(),
            replace(stated, villages=(*stated.villages, *stays)),
            now=now,
            author=access().account.name,
            **_rest(given, found),
        )
    except InputRefused as refused:
        db().rollback()
        return _form(given, found, refused, 422)
    audit("change", f"fixed duty {code}")
    _tell(gettext("The fixed duty was changed; plans that rest on it are shown as out of date."), told)
    return redirect(f"/fixed-duties/{quote(code, safe='')}", 303)


def _duty(given: MultiDict[str, str], code: str) -> Duty:
    return Duty(
        code=code,
        name=given.get("name", "").strip(),
        kind=given.get("kind", ""),
        hours=read_windows(given.get("hours", "")),
        stay_s=round(_number(given.get("stay_min", ""), gettext("Stay, minutes")) * 60),
        required=given.get("required") == "yes",
        prize=round(_number(given.get("prize", ""), gettext("Points"))),
        villages=tuple(dict.fromkeys(given.getlist("villages"))),
        teams=tuple(dict.fromkeys(given.get("teams", "").replace("，", " ").replace(",", " ").split())),
    )


def _rest(given: MultiDict[str, str], found: dict[str, Any] | None = None) -> dict[str, Any]:
    place = _place(given)
    if found is not None and place is not None:
        stored = found["geometry"].x, found["geometry"].y
        # The form writes fewer digits than are stored: where it is the same so far nothing has moved.
        place = stored if _written(stored) == _written(place) else place
    return {
        "name_en": given.get("name_en", ""),
        "calendar": given.get("calendar") or None,
        "note": given.get("note", "")[:500],
        "place": place,
    }


def _written(place: tuple[float, float]) -> tuple[str, str]:
    """A position as the form writes it."""
    return f"{place[0]:.6f}", f"{place[1]:.6f}"


def _place(given: MultiDict[str, str]) -> tuple[float, float] | None:
    lon, lat = given.get("lon", "").strip(), given.get("lat", "").strip()
    if not lon and not lat:
        return None
    place = _number(lon, gettext("Longitude")), _number(lat, gettext("Latitude"))
    if not (-180 <= place[0] <= 180 and -90 <= place[1] <= 90):
        raise InputRefused(gettext("“%(value)s” is no position.", value=f"{lon}, {lat}"[:40]))
    return place


def _number(value: str, what: str) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40])
        ) from error
    if not abs(number) < 1e9:
        raise InputRefused(gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40]))
    return number


def _found(code: str) -> dict[str, Any]:
    rows = store.duties(db())
    rows = rows[rows["code"] == code]
    if rows.empty:
        abort(404)
    return {str(key): value for key, value in rows.iloc[0].items()}


def _tell(done: str, told: list[str]) -> None:
    flash(done, "success")
    for sentence in told:
        flash(said(sentence, translator()), "warn")


def _uncounted(found: dict[str, Any]) -> list[str]:
    """Teams that must come and whose visit does not count for crossing, in the reader's language."""
    from patrols.services import fixed_duties as service

    return [said(one, translator()) for one in service.uncounted_teams(db(), found["code"])]


def _form(
    given: MultiDict[str, str],
    found: dict[str, Any] | None = None,
    error: InputRefused | None = None,
    status: int = 200,
) -> Response:
    t = translator()
    name = "name" if t.lang == "zh" else "name_en"
    villages = of_plan.village_choices(db())
    stored = store.duties(db())
    others = stored.assign(name=stored[name].where(stored[name].notna(), stored["name"]))
    calendars = calendar_store.calendars(db())
    layers = [
        {
            "features": collection(repository.zones(db()).reset_index(drop=True)[["name", "geometry"]]),
            "colour": "#1b1f23",
            "weight": 2,
            "fill": 0,
            "frame": found is None,
        },
        {
            "features": collection(others.reset_index(drop=True)[["name", "geometry"]], label="name"),
            "colour": "#0072b2",
            "radius": 5,
            "fill": 0.9,
            "frame": False,
        },
    ]
    if found is not None:
        own = others[others["code"] == found["code"]]
        layers.append(
            {
                "features": collection(own.reset_index(drop=True)[["name", "geometry"]], label="name"),
                "colour": "#d55e00",
                "radius": 7,
                "fill": 0.9,
                "frame": True,
            }
        )
    return render(
        "fixed_duties/record.html",
        status=status,
        uncounted=_uncounted(found) if found else [],
        given=given,
        found=found,
        title="" if found is None else found["name"] if t.lang == "zh" else found["name_en"] or found["name"],
        kinds=KIND_WORDS,
        villages=[(row["path"], row[name] or row["name"]) for row in villages.to_dict("records")],
        calendars=[
            (row["code"], row["name"] if t.lang == "zh" else row["name_en"] or row["name"])
            for row in calendars.to_dict("records")
        ],
        history=[] if found is None else store.history(db(), str(found["code"])),
        layers=layers,
        error=error,
    )
