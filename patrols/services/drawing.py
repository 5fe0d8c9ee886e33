"""Zones made by hand, one at a time: what a page's form asks for."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict

import geopandas as gpd
import pandas as pd
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.errors import InputRefused, Sentence
from geo.services import Source, site_crs
from patrols import repository
from patrols.codes import refuse_code, refuse_name
from patrols.problem import CrossRule
from patrols.repository import zone_ground
from patrols.services.zoning import broken_zones, store_zones, villages


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
        Without a code, a name or members; for a taken code and one that is no address; for
        villages that are unknown or do not adjoin.
    """
    if not code.strip() or not name.strip():
        raise InputRefused(Sentence("a zone needs a code and a name"))
    refuse_code(code.strip())
    refuse_name(name.strip(), name_en.strip())
    members = list(dict.fromkeys(members))
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
            "members": [members],
        },
        geometry=[shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])],
        crs=tree.crs,
    )
    return int(store_zones(session, frame, _by_hand("zone", code, author))[0])


def change_members(
    session: Session, code: str, members: Sequence[str], *, allowed: Collection[str]
) -> tuple[list[str], list[str]]:
    """Give a zone other villages from now on; answers those that came and those that went.

    Plans that were made keep theirs, and are stale. The session sees the whole zone.

    Parameters
    ----------
    members : sequence of str
        Paths of all villages that it shall have.
    allowed : collection of str
        Paths of villages that whoever asks may take in or out.

    Raises
    ------
    LianfangError
        When the zone is not known.
    InputRefused
        For villages that are unknown, not allowed or do not adjoin, for one that goes while a team of it
        serves in the zone, and where fewer are left than the zone's rule asks for.
    """
    number = repository.zone_of_code(session, code)
    zone = repository.zones(session).loc[number]
    tree = to_metric(villages(session), site_crs(session))
    before, after = set(zone["members"]), set(members)
    came, went = sorted(after - before), sorted(before - after)
    unknown = sorted(set(came) - set(tree["path"]))
    if unknown:
        raise InputRefused(Sentence("village '%(village)s' is not known or has no area", village=unknown[0]))
    foreign = sorted({*came, *went} - set(allowed))
    if foreign:
        raise InputRefused(
            Sentence("village '%(village)s' is not of your area; leave it as it is", village=foreign[0])
        )
    broken = broken_zones(pd.Series([sorted(after)]), pd.Series([code]), tree)
    if broken:
        raise InputRefused(next(iter(broken.values())))
    teams = repository.teams(session, number)
    homeless = teams[teams["village"].isin(went)]
    if len(homeless):
        raise InputRefused(
            Sentence(
                "team '%(team)s' is of village '%(village)s'; end it before the village leaves the zone",
                team=homeless["code"].iloc[0],
                village=homeless["village"].iloc[0],
            )
        )
    asked = CrossRule(**zone["rule"]).villages
    if asked > len(after):
        raise InputRefused(
            Sentence(
                "the rule asks for %(asked)s villages at a stop, zone '%(zone)s' has %(n)s; ask for fewer",
                asked=asked,
                zone=code,
                n=len(after),
            )
        )
    if came or went:
        zone_ground.change_members(session, number, came, went)
    return came, went


def _by_hand(kind: str, code: str, author: str) -> Source:
    """The source of what was made on a page: no file, so each time counts as another one."""
    return Source(f"{kind} {code}, by hand", secrets.token_hex(32), "wgs84", "real", author)
