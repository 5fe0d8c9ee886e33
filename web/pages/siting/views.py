"""The pages of proposals."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.repository import siting as store
from cameras.tables import SitingProposal
from geo.errors import InputRefused, LianfangError
from web import i18n, narrowing
from web.access import Action, needs
from web.geofeatures import collection
from web.i18n import N_
from web.jobs import enqueue
from web.jobs.bodies import siting as body
from web.jobs.words import Name
from web.maps.words import DIMENSIONS, LEVELS, SITING
from web.pages.accountpieces import first_place, place_options
from web.pages.siting.tables import CAMERAS, PROPOSALS
from web.refusals import Refused, said
from web.requests import access, audit, db, render, translator
from web.settings import current
from web.sitingtable import KINDS, STATUSES, of_gap
from web.tables import Account
from web.tabular.view import table_view, wants_rows
from web.whereabouts import typed_path

bp = Blueprint("siting", __name__, url_prefix="/siting")

COUNT, RE_AIMS = 10, 5
COLOURS = {kind: colour for kind, (_, colour) in SITING.items()}


@bp.get("")
@needs(Action.CAMERAS_VIEW)
def listed() -> Response:
    """The proposals made for somebody's area."""
    return table_view(PROPOSALS, "siting/list.html", parameters={"lang": i18n.negotiated(request)})


@bp.get("/new")
@needs(Action.ANALYSES_RUN)
def new() -> Response:
    """How many cameras, and where."""
    return _form({"place": narrowing.chosen() or first_place()})


@bp.get("/places")
@needs(Action.ANALYSES_RUN)
def places() -> str:
    """Jurisdictions to choose from while one types."""
    return place_options()


@bp.post("/new")
@needs(Action.ANALYSES_RUN)
def begin() -> Response:
    """Put the search into the queue."""
    given = request.form.to_dict()
    try:
        path = typed_path(db(), given.get("place", ""))
        if path is None:
            raise Refused(N_("Choose one jurisdiction; the whole site is the one at its root."))
        asked: dict[str, Any] = {
            "jurisdiction": path,
            "count": _whole(given.get("count", ""), gettext("New cameras")),
            "re_aims": _whole(given.get("re_aims", ""), gettext("Cameras to turn")),
            "level": given.get("level", ""),
            "exact": given.get("exact") == "yes",
        }
        body.order(asked)
    except LianfangError as refused:
        return _form(given, problem=said(refused, translator()), status=422)
    names = {lang: narrowing.named(db(), [path], lang).get(path, path) for lang in ("zh", "en")}
    job = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(Name(names["zh"], names["en"]), asked["count"], asked["re_aims"]),
        jurisdiction_path=path,
    )
    audit("run", "siting", path=path, job=job, **{key: asked[key] for key in ("count", "re_aims", "level")})
    return redirect(f"/jobs/{job}")


@bp.get("/<int:number>")
@needs(Action.CAMERAS_VIEW)
def record(number: int) -> Response:
    """One proposal: cameras by rank, what each gains, and where they would stand."""
    head = _seen(number)
    rows_only = wants_rows(CAMERAS)
    lang = i18n.negotiated(request)
    return table_view(
        CAMERAS,
        "siting/record.html",
        parameters={"lang": lang, "proposal": number},
        head=head,
        place=_place(head, lang),
        level=translator()(LEVELS[head.level][0]) if head.level in LEVELS else head.level,
        closed=of_gap(head.value_mm, head),
        most=of_gap(head.bound_mm, head),
        greedy=of_gap(head.greedy_mm, head),
        quality=STATUSES[head.status],
        buildings=DIMENSIONS[head.parameters.get("dimension", "2d")][1],
        colours=COLOURS,
        kinds=KINDS,
        layers=[] if rows_only else _layers(number),
    )


@bp.post("/<int:number>/remove")
@needs(Action.ANALYSES_RUN)
def remove(number: int) -> Response:
    """Remove a proposal with its cameras; nothing else hangs on it."""
    head = _seen(number)
    path = head.jurisdiction_path
    db().delete(head)
    audit("remove", f"siting {number}", path=path)
    flash(gettext("The proposal is removed."), "success")
    return redirect("/siting")


def _seen(number: int) -> SitingProposal:
    found = store.proposal(db(), number)
    if found is None:
        abort(404)
    return found


def _place(head: SitingProposal, lang: str) -> str:
    path = head.jurisdiction_path
    return "" if path is None else narrowing.named(db(), [path], lang).get(path, path)


def _layers(number: int) -> list[dict[str, Any]]:
    """What each would see, and a numbered mark where it stands."""
    t = translator()
    layers: list[dict[str, Any]] = []
    for shape, look in (("seen", {"weight": 1, "fill": 0.25}), ("geom", {"radius": 7, "fill": 0.9})):
        rows = store.proposed(db(), number, shape=shape)
        rows["name"] = [
            " · ".join(
                [str(rank), t(KINDS[kind]), *([code] if isinstance(code, str) else []), f"{azimuth:.0f}°"]
            )
            for rank, kind, code, azimuth in zip(
                rows["rank"], rows["kind"], rows["camera_code"], rows["azimuth_deg"], strict=True
            )
        ]
        features = collection(rows, colour=lambda row: COLOURS[row["kind"]])
        layers.append({"features": features, "frame": True, **look})
    return layers


def _form(given: dict[str, str], *, problem: str = "", status: int = 200) -> Response:
    values = current(db())
    return render(
        "siting/new.html",
        status=status,
        given=given,
        count=given.get("count", COUNT),
        re_aims=given.get("re_aims", RE_AIMS),
        level=given.get("level") or values["analysis.level"],
        levels=LEVELS,
        most=body.MOST,
        problem=problem,
    )


def _whole(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a number.", what=what, value=text[:40])
        ) from error
