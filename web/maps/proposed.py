"""Cameras of a proposal on the map of a file: their layers, their switches and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from web.i18n import N_, Translator
from web.maps.data import MapData
from web.maps.layers import Layer, feature, layer
from web.maps.panel import Group, Input, Swatch
from web.maps.popups import siting_popup
from web.maps.words import SITING, SITING_SPOTS

HEADS = (
    N_("What"),
    N_("Camera"),
    N_("Spot"),
    N_("Street name"),
    N_("Jurisdiction"),
    N_("Direction"),
    N_("Direction so far"),
    N_("Street gained"),
    N_("Places gained"),
    N_("Gap closed"),
    N_("Seen then"),
    N_("Position (longitude, latitude)"),
)


@dataclass(frozen=True)
class Line:
    """A camera as a line of the table; `target` is "layer:feature" on the map."""

    target: str
    rank: str
    cells: Sequence[str]


def siting_layers(data: MapData, t: Translator) -> list[Layer]:
    """What each would see in the colour of its kind, and above, where it stands and looks."""
    if data.siting is None:
        return []
    seen, signs = [], []
    for kind, (_, colour) in SITING.items():
        areas, stands = [], []
        for row in data.siting[data.siting["kind"] == kind].to_dict("records"):
            told = siting_popup(row, t)
            area = feature(row["seen"], told)
            areas += [area] if area else []
            stand = feature(row["geometry"], told, anchor=True)
            stands.append({**stand, "sym": "camera-usable", "az": round(float(row["azimuth_deg"]), 1)})
        if stands:
            look = {"color": colour, "fillColor": colour, "weight": 1.4, "opacity": 0.9, "fillOpacity": 0.22}
            seen.append(layer(f"siting-{kind}-seen", [f"siting-{kind}"], areas, **look))
            signs.append(layer(f"siting-{kind}", [f"siting-{kind}"], stands, radius=7.5, fillColor=colour))
    return [*seen, *signs]


def siting_groups(data: MapData, t: Translator) -> list[Group]:
    """The switches of the two kinds; none on a map without a proposal."""
    if data.siting is None:
        return []
    counts = data.siting["kind"].value_counts()
    inputs = [
        Input(f"siting-{kind}", t(words), Swatch("proposed", colour), count=t.number(int(counts[kind])))
        for kind, (words, colour) in SITING.items()
        if kind in counts
    ]
    return [Group(t("Proposed cameras"), inputs, "" if inputs else t("Nothing to propose"))]


def siting_lines(data: MapData, t: Translator) -> list[Line]:
    """The table of a proposal, by rank; what stands in its columns is `HEADS`."""
    if data.siting is None:
        return []
    made, nth = [], dict.fromkeys(SITING, 0)
    for row in data.siting.to_dict("records"):
        kind, before = row["kind"], row["azimuth_before_deg"]
        name = row["leaf_en"] if t.lang == "en" and row["leaf_en"] else row["leaf"]
        cells = (
            t(SITING[kind][0]),
            row["camera_code"] or "",
            t(SITING_SPOTS.get(row["spot"], "")),
            row["street"] or "",
            name or "",
            f"{t.number(row['azimuth_deg'])}°",
            f"{t.number(before)}°" if before == before and before is not None else "",
            t.length(row["street_mm"] / 1000),
            t.number(row["places"]),
            t.share(row["gap_closed_share"]),
            t.share(row["share"]),
            f"{row['geometry'].x:.7f}, {row['geometry'].y:.7f}",
        )
        made.append(Line(f"siting-{kind}:{nth[kind]}", str(row["rank"]), cells))
        nth[kind] += 1
    return made
