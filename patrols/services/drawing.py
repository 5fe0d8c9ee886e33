"""Zones made by hand, one at a time: what a page's form asks for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict

import geopandas as gpd
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from geo.services import Source
from patrols.problem import CrossRule
from patrols.services.zoning import store_zones, villages


def draw_zone(
    session: Session,
    *,
    code: str,
    name: str,
    name_en: str,
    members: Sequence[str],
    rule: CrossRule,
    author: str,
) -> int:
    """Store a zone made of whole villages; answers its id.

    Raises
    ------
    InputRefused
        Without a code, a name or members; for a taken code, and for villages that are
        unknown or do not adjoin.
    """
    if not code.strip() or not name.strip():
        raise InputRefused(Sentence("a zone needs a code and a name"))
    tree = villages(session).set_index("path")
    unknown = [path for path in members if path not in tree.index]
    if unknown or not members:
        raise InputRefused(
            Sentence("village '%(village)s' is not known or has no area", village=unknown[0])
            if unknown
            else Sentence("a zone needs a village")
        )
    shape = tree.loc[list(members)].geometry.union_all()
    frame = gpd.GeoDataFrame(
        {
            "code": [code.strip()],
            "name": [name.strip()],
            "name_en": [name_en.strip() or None],
            "rule": [asdict(rule)],
            "members": [list(members)],
        },
        geometry=[shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])],
        crs=tree.crs,
    )
    return int(store_zones(session, frame, _by_hand("zone", code, author))[0])


def _by_hand(kind: str, code: str, author: str) -> Source:
    """The source of what was made on a page: no file, so each time counts as another one."""
    return Source(f"{kind} {code}, by hand", secrets.token_hex(32), "wgs84", "real", author)
