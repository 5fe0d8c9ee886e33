"""What the tags of an OpenStreetMap way say: who may use it, which way, and whether it counts as ground.

Source of the defaults: OSM wiki, *OSM tags for routing/Access restrictions* (world-wide table) and
*Key:oneway*; where practice differs it is said beside the line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

Tags = Mapping[str, str]

_LINKED = ("motorway", "trunk", "primary", "secondary", "tertiary")
_ROADS = frozenset([*_LINKED, *(f"{name}_link" for name in _LINKED)]) | frozenset(
    ["unclassified", "residential", "living_street", "service", "road"]
)
_MOTORWAYS = frozenset(["motorway", "motorway_link"])
# In China the fast roads of a town (快速路) as well, closed to bicycles unless their tags say otherwise.
_TRUNKS = frozenset(["trunk", "trunk_link"])
_CYCLEWAYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
# May be walked; `trail` is no agreed value but is used for what others call a path.
_PATHS = frozenset(
    ["footway", "pedestrian", "path", "cycleway", "bridleway", "steps", "track", "trail", "crossing"]
) | frozenset(["corridor", "elevator", "platform"])
_RIDDEN = frozenset(["cycleway", "path", "track"])
_UNBUILT = frozenset(["construction", "proposed", "planned"])
_NOT_WATCHED = frozenset(["corridor", "elevator", "platform"]) | _UNBUILT
# `highway` values that are places beside a road, or ways no longer there.
NOT_WAYS = frozenset(
    ["rest_area", "services", "emergency_bay", "escape", "raceway", "bus_stop", "street_lamp", "via_ferrata"]
) | frozenset(["traffic_signals", "speed_camera", "abandoned", "razed", "demolished", "disused", "no"])
KNOWN_CLASSES = _ROADS | _PATHS | _UNBUILT | NOT_WAYS | frozenset(["busway", "bus_guideway"])

_NO = frozenset(
    ["no", "private", "military", "agricultural", "forestry", "emergency", "permit", "residents"]
) | frozenset(["employees", "restricted", "use_sidepath", "dismount"])
_YES = frozenset(["yes", "designated", "permissive", "official", "destination"])


@dataclass(frozen=True)
class WayUse:
    """Which mode may pass a way in which direction, and whether it is watched ground."""

    foot_forward: bool
    foot_backward: bool
    ebike_forward: bool
    ebike_backward: bool
    car_forward: bool
    car_backward: bool
    watched: bool
    steps: bool


def way_use(tags: Tags) -> WayUse:
    """Access by mode and direction, and the `watched` mark, of one way with a `highway` tag.

    Notes
    -----
    Watched ground are open-air public ways at street level: no corridor, elevator, platform, tunnel (a
    passage through a building included) or covered way, nothing indoor, below ground or on another level,
    nothing unbuilt, nothing that is closed to the public, and no outline of a square (`area=yes`): it may be
    walked along, but its length is not the length of a street.
    """
    road_class = tags.get("highway", "")
    built = road_class not in _UNBUILT | NOT_WAYS
    fast = road_class in _MOTORWAYS or tags.get("motorroad") == "yes"
    on_road = road_class in _ROADS
    steps = road_class == "steps"
    buses_only = road_class in ("busway", "bus_guideway")
    known = not buses_only
    foot = built and _may(tags, ("foot",), ("access",), known and not fast)
    rides = (on_road or road_class in _RIDDEN) and not fast
    rides = rides and (road_class not in _TRUNKS or _has_cycleway(tags))
    ebike = built and not steps and road_class not in _MOTORWAYS
    ebike = ebike and _may(tags, ("bicycle",), ("vehicle", "access"), rides)
    car = built and not steps and _may(tags, ("motorcar", "motor_vehicle"), ("vehicle", "access"), on_road)
    flow = _flow(tags)
    foot_forward, foot_backward = _foot_flow(tags)
    bike_forward, bike_backward = _bike_flow(tags, flow)
    return WayUse(
        foot_forward=foot and foot_forward,
        foot_backward=foot and foot_backward,
        ebike_forward=ebike and bike_forward,
        ebike_backward=ebike and bike_backward,
        car_forward=car and flow[0],
        car_backward=car and flow[1],
        watched=_watched(tags, foot or ebike or car),
        steps=steps,
    )


def is_underground(tags: Tags) -> bool:
    """Tagged as below ground: location, or a negative layer or level."""
    if tags.get("location") in ("underground", "underwater"):
        return True
    return any(number < 0 for key in ("layer", "level") for number in _numbers(tags.get(key)))


def metres(text: str | None) -> float:
    """A length tag in metres: '12.13 m', '18', '12,5', 40' (feet); NaN when absent or not understood."""
    plain = (text or "").strip().lower().replace(",", ".")
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(m|metres?|meters?|ft|feet|')?", plain)
    if not found:
        return math.nan
    return float(found[1]) * (0.3048 if found[2] in ("ft", "feet", "'") else 1.0)


def _may(tags: Tags, own: tuple[str, ...], general: tuple[str, ...], default: bool) -> bool:
    """The most specific tag wins; a general one can forbid, but opens nothing that was not open."""
    for key in own:
        value = tags.get(key)
        if value in _NO:
            return False
        if value in _YES:
            return True
    return default and not any(tags.get(key) in _NO for key in general)


def _flow(tags: Tags) -> tuple[bool, bool]:
    """Directions open to motor traffic."""
    value = tags.get("oneway:motor_vehicle", tags.get("oneway"))
    if value is None and (
        tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    ):
        value = "yes"
    return _one_way(value)


def _one_way(value: str | None) -> tuple[bool, bool]:
    if value in ("yes", "true", "1"):
        return True, False
    if value in ("-1", "reverse"):
        return False, True
    # The direction changes with the hour: nothing to plan on.
    if value in ("reversible", "alternating"):
        return False, False
    return True, True


def _bike_flow(tags: Tags, flow: tuple[bool, bool]) -> tuple[bool, bool]:
    own = tags.get("oneway:bicycle")
    if own is not None:
        return _one_way(own)
    if any(tags.get(key, "").startswith("opposite") for key in _CYCLEWAYS):
        return True, True
    if any(tags.get(f"{key}:oneway") in ("-1", "no") for key in _CYCLEWAYS):
        return True, True
    return flow


def _has_cycleway(tags: Tags) -> bool:
    """A lane or track for bicycles on the way itself; `separate` is a way of its own."""
    return any(tags.get(key) in ("lane", "track") for key in _CYCLEWAYS)


def _foot_flow(tags: Tags) -> tuple[bool, bool]:
    """Walkers go both ways whatever `oneway` says, but not against an escalator."""
    if "oneway:foot" in tags:
        return _one_way(tags["oneway:foot"])
    moving = tags.get("conveying")
    return moving != "backward", moving != "forward"


def _watched(tags: Tags, open_to_someone: bool) -> bool:
    public = open_to_someone or tags.get("bus") in _YES or tags.get("psv") in _YES
    return (
        public
        and tags.get("highway") not in _NOT_WATCHED | NOT_WAYS
        and tags.get("area") != "yes"
        and tags.get("tunnel", "no") == "no"
        and tags.get("covered", "no") == "no"
        and tags.get("indoor", "no") == "no"
        and tags.get("location") != "indoor"
        and not is_underground(tags)
        and all(level == 0 for level in _numbers(tags.get("level")))
    )


def _numbers(text: str | None) -> list[float]:
    """The numbers of '-3;-2' or '1-3'; empty when there are none."""
    return [float(found) for found in re.findall(r"(?:(?<![\d.])-)?\d+(?:\.\d+)?", text or "")]
