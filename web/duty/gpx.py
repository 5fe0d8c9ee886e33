"""Routes for a phone or a navigation device: GPX 1.1 (topografix.com/GPX/1/1)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree

import shapely

from web.duty.content import Duty, Team
from web.i18n import N_, Translator

NAMESPACE = "http://www.topografix.com/GPX/1/1"
# A ZIP file knows no time before; the same files make the same archive.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def gpx(duty: Duty, t: Translator, teams: Sequence[Team] | None = None) -> bytes:
    """A track a team, and a waypoint with its planned time for each visit; of all teams without `teams`."""
    ElementTree.register_namespace("", NAMESPACE)
    chosen = duty.teams if teams is None else teams
    root = ElementTree.Element(_tag("gpx"), version="1.1", creator="Lianfang")
    about = ElementTree.SubElement(root, _tag("metadata"))
    draft = f"{t(N_('DRAFT'))} · " if duty.draft else ""
    _text(about, "name", f"{draft}{duty.zone} · {t.span(duty.start, duty.end)}")
    _text(about, "time", duty.made_at.isoformat())
    for team in chosen:
        for visit in team.visits:
            waypoint = _point(root, "wpt", visit.stop.point)
            _text(waypoint, "time", visit.start_at.isoformat())
            _text(waypoint, "name", f"{team.number}.{visit.order} {t.clock(visit.start_at)}")
            _text(waypoint, "cmt", visit.stop.id)
            _text(waypoint, "desc", visit.stop.place or visit.stop.village)
    for team in chosen:
        track = ElementTree.SubElement(root, _tag("trk"))
        _text(track, "name", f"{team.number} {team.name}")
        _text(track, "cmt", team.code)
        segment = ElementTree.SubElement(track, _tag("trkseg"))
        for way in team.ways:
            for point in shapely.points(shapely.get_coordinates(way)):
                _point(segment, "trkpt", point)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def gpx_by_team(duty: Duty, t: Translator) -> bytes:
    """A ZIP file with a GPX file a team, named by the team's number and code."""
    return zipped({f"{team.number:02d}-{team.code}.gpx": gpx(duty, t, [team]) for team in duty.teams})


def zipped(files: dict[str, bytes]) -> bytes:
    """These files in a ZIP file: the same for the same files, byte for byte."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, NO_TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return target.getvalue()


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _text(parent: ElementTree.Element, name: str, said: str) -> None:
    # XML knows no control characters, and a name may have come with one.
    ElementTree.SubElement(parent, _tag(name)).text = "".join(one for one in said if one.isprintable())


def _point(parent: ElementTree.Element, name: str, point: shapely.Point) -> ElementTree.Element:
    return ElementTree.SubElement(parent, _tag(name), lat=f"{point.y:.7f}", lon=f"{point.x:.7f}")
