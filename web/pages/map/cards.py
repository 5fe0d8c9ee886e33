"""The card of one thing on the map: what it is, why, since when, who acts, what to do, where to read on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, abort

from cameras.repository import on_map as cameras
from cameras.repository import siting as store
from geo.repository import search as places
from patrols.repository import on_map as patrols
from web.access import Action, needs
from web.i18n import Translator
from web.mapdata import FINDING_WORDS, shown_rule
from web.maps.popups import (
    Popup,
    camera_popup,
    footprint_popup,
    gap_popup,
    jurisdiction_popup,
    popup,
    route_popup,
    siting_popup,
    stop_popup,
    zone_popup,
)
from web.maps.words import WHY
from web.pages.map.blueprint import bp
from web.pages.map.choice import chosen_analysis, reach, rows_of
from web.pages.map.wording import Row, camera_row, camera_title, gap_row, named
from web.planrights import sees_reasons
from web.requests import audit, db, may, render, translator
from web.stopreasons import reason_keys

ACTIONS = {
    "jurisdictions": Action.MAP_VIEW,
    "streets": Action.MAP_VIEW,
    "places": Action.MAP_VIEW,
    "cameras": Action.CAMERAS_VIEW,
    "footprints": Action.CAMERAS_VIEW,
    "siting": Action.CAMERAS_VIEW,
    "gaps": Action.GAPS_VIEW,
    "zones": Action.ZONES_VIEW,
    "routes": Action.PLANS_VIEW,
}


@dataclass(frozen=True)
class Link:
    """Where to read on: a page, or another thing on this map ("layer:id" and what to show of it)."""

    words: str
    href: str = ""
    feature: str = ""
    bounds: str = ""


@dataclass(frozen=True)
class Card:
    """One thing in words. `tab` is the list it stands in, `row` its line there."""

    popup: Popup
    lon: float | None
    lat: float | None
    more: tuple[Popup, ...] = ()
    links: tuple[Link, ...] = ()
    tab: str = ""
    row: Row | None = None
    code: str = ""
    looked_at: tuple[str, str | None] | None = None


def _action(arguments: Mapping[str, Any]) -> Action:
    return ACTIONS.get(str(arguments["layer"]), Action.MAP_VIEW)


@bp.get("/map/feature/<layer>/<int:number>")
@needs(_action)
def card(layer: str, number: int) -> Response:
    """The card of one thing; what whoever asks may not see is not there (404)."""
    make = MAKERS.get(layer)
    made = make(number, translator()) if make else None
    if made is None:
        abort(404)
    if made.looked_at is not None:
        subject, path = made.looked_at
        audit("view", subject, path=path)
    return render("map/card.html", card=made, ref=f"{layer}:{number}")


def _who_saw(lon: float, lat: float, t: Translator) -> tuple[Link, ...]:
    """To the cameras that see a place, for those who may know them."""
    if not may(Action.CAMERAS_VIEW):
        return ()
    return (Link(t("Who saw this place?"), f"/footage?lon={lon:.6f}&lat={lat:.6f}"),)


def _gap(number: int, t: Translator) -> Card | None:
    gap = cameras.gap_of(db(), number)
    if gap is None:
        return None
    told = gap_popup(
        {
            **gap,
            "measure": gap["measure"] / 1000 if gap["ground"] == "street" else gap["measure"],
            "minutes": gap["open_ms"] / 60_000,
            "leaf": named(gap, "leaf", t),
            # Told below, each with its link.
            "cameras": (),
        },
        gap["street"] or "",
        t,
    )
    links = [Link(t("All about this gap"), f"/gaps/{number}"), *_who_saw(gap["lon"], gap["lat"], t)]
    if may(Action.CAMERAS_VIEW):
        links += [
            Link(
                t("Camera %(name)s, %(time)s", name=camera_title(one), time=t.duration(one["minutes"])),
                feature=f"cameras:{one['id']}",
            )
            for one in gap["cameras"]
        ]
    subject = (f"gap {number}", gap["path"])
    return Card(
        told,
        gap["lon"],
        gap["lat"],
        links=tuple(links),
        tab="gaps",
        row=gap_row(gap, t),
        looked_at=subject,
    )


def _camera(number: int, t: Translator) -> Card | None:
    analysis = chosen_analysis()
    camera = cameras.camera_of(db(), analysis.id if analysis else None, number)
    if camera is None:
        return None
    findings = [FINDING_WORDS.get(kind, kind) for kind in camera["findings"]]
    told = camera_popup({**camera, "findings": findings}, t)
    leaf = named(camera, "leaf", t)
    if leaf:
        told["r"].append([t("Where"), leaf])
    return Card(
        told,
        camera["lon"],
        camera["lat"],
        links=(Link(t("All about this camera"), f"/cameras/{camera['code']}"),),
        tab="cameras",
        row=camera_row(camera, t),
        code=str(camera["code"]),
        looked_at=(f"camera {camera['code']}", camera["path"]),
    )


def _footprint(number: int, t: Translator) -> Card | None:
    view = cameras.footprint_of(db(), number)
    if view is None:
        return None
    camera = Link(t("Camera %(code)s", code=view["camera"]), feature=f"cameras:{view['camera_id']}")
    return Card(footprint_popup(view, t), view["lon"], view["lat"], links=(camera,))


def _siting(number: int, t: Translator) -> Card | None:
    proposed = store.proposed_camera(db(), number)
    if proposed is None:
        return None
    links = [Link(t("All about this proposal"), f"/siting/{proposed['proposal']}")]
    if proposed["camera_code"]:
        links.append(Link(t("All about this camera"), f"/cameras/{proposed['camera_code']}"))
    return Card(
        siting_popup(proposed, t),
        proposed["lon"],
        proposed["lat"],
        links=tuple(links),
        looked_at=(f"siting {proposed['proposal']}", proposed["of_path"]),
    )


def _jurisdiction(number: int, t: Translator) -> Card | None:
    area = places.jurisdiction_of(db(), number)
    if area is None:
        return None
    analysis = chosen_analysis()
    shares = (float("nan"), float("nan"))
    if analysis is not None and may(Action.FIGURES_VIEW):
        shares = cameras.shares_of(db(), analysis.id, analysis.level, area["path"])
    told = jurisdiction_popup(
        {**area, "certain_share": shares[0], "possible_share": shares[1]},
        analysis.level if analysis else "observe",
        t,
    )
    if not may(Action.FIGURES_VIEW):
        return Card(told, None, None)
    link = Link(t("All about this jurisdiction"), f"/jurisdictions/{area['path']}")
    return Card(told, None, None, links=(link,))


def _street(number: int, t: Translator) -> Card | None:
    street = places.street_of(db(), number)
    if street is None:
        return None
    rows = [(t("Length"), t.length(street["length_m"])), (t("Where"), named(street, "above", t))]
    told = popup(t("Street"), str(street["name"] or t("Street without a name")), rows)
    return Card(told, street["lon"], street["lat"], links=_who_saw(street["lon"], street["lat"], t))


def _place(number: int, t: Translator) -> Card | None:
    place = places.place_of(db(), number)
    if place is None:
        return None
    words = WHY.get(place["kind"], "")
    kind = t(words)
    rows = [(t("Kind"), kind), (t("Where"), named(place, "above", t))]
    links = _who_saw(place["lon"], place["lat"], t)
    return Card(popup(t("Place"), str(place["name"] or kind), rows), place["lon"], place["lat"], links=links)


def _zone(number: int, t: Translator) -> Card | None:
    zone = patrols.zone_of(db(), number)
    if zone is None:
        return None
    told = zone_popup({**zone, "rule": shown_rule(zone["rule"])}, t)
    members = zone["members_en"] if t.lang == "en" else zone["members"]
    told["r"].append([t("Villages"), t.joined([str(name) for name in members])])
    links = (Link(t("All about this zone"), f"/zones/{zone['code']}"),)
    return Card(told, None, None, links=links)


def _visit(number: int, t: Translator) -> Card | None:
    """A visit: the stop and who else comes there, then the whole tour of the team."""
    plan_id = patrols.visit_plan(db(), number)
    published, drafts = reach(Action.PLANS_VIEW), reach(Action.PLANS_VIEW_DRAFTS)
    if plan_id is None or patrols.plan_of(db(), plan_id, published, drafts) is None:
        return None
    visits = patrols.visits(db(), plan_id)
    rows = [{**row, "name": named(row, "team_name", t)} for row in rows_of(visits)]
    this = next(row for row in rows if row["id"] == number)
    own = [
        {"arrive": row["arrive_at"], "start": row["start_at"], "end": row["end_at"]}
        for row in rows
        if row["team"] == this["team"] and row["stop_id"] is not None
    ]
    team = {"team": this["team"], "name": this["name"], "mode": this["mode"], "visits": own}
    tour = route_popup({**team, "village": named(this, "village", t)}, t)
    if this["stop_id"] is None:
        return Card(tour, None, None, tab="routes")
    stop = patrols.stop_of(db(), plan_id, this["stop_id"])
    if stop is None:
        return None
    there = [
        (row["name"], {"start": row["start_at"], "end": row["end_at"]})
        for row in rows
        if row["stop_id"] == this["stop_id"]
    ]
    # Why a stop is one, and how much it weighs, is told only to those who may know where nobody looks.
    reasons = sees_reasons(plan_id)
    why = reason_keys(stop["why"])
    told = stop_popup(
        {
            **stop,
            "label": int(this["stop"]),
            "village": named(stop, "village", t),
            "why": why if reasons else (),
            "prize": stop["prize"] if reasons else None,
        },
        there,
        stop["street"] or "",
        t,
    )
    return Card(told, this["lon"], this["lat"], more=(tour,), tab="routes")


MAKERS: dict[str, Callable[[int, Translator], Card | None]] = {
    "jurisdictions": _jurisdiction,
    "streets": _street,
    "places": _place,
    "cameras": _camera,
    "footprints": _footprint,
    "siting": _siting,
    "gaps": _gap,
    "zones": _zone,
    "routes": _visit,
}
