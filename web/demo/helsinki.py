"""Central Helsinki: real streets, buildings, places and camera positions; a derived tree, zone and teams."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from cameras.services import store_cameras
from cameras.synthetic import SyntheticDay, synthetic_day
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import LianfangError
from geo.jurisdictions import DerivedCounts, derive_jurisdictions
from geo.osm import read_osm
from geo.services import Source, open_site, site_crs, store_extract, store_jurisdictions
from patrols.services.zoning import VILLAGE_LEVEL, road_network
from patrols.zones import compact_zone
from web.demo.duties import store_duties
from web.demo.scene import (
    MODE_NAMES,
    ORDINALS,
    Loaded,
    base_near,
    made_here,
    store_zone,
    store_zone_teams,
)
from web.demostate import AUTHOR

EXTRACT = Path(__file__).resolve().parent.parent.parent / "data" / "fetched" / "Helsinki.osm.pbf"
ZONE_VILLAGES = 6
# Home village by turns; three modes, so that no mode is the only one.
TEAM_MODES = ("foot", "ebike", "foot", "car", "foot", "ebike", "foot", "ebike")


@dataclass(frozen=True)
class Helsinki:
    """The real scene."""

    name: str = "helsinki"
    day: datetime = datetime(2026, 11, 20, tzinfo=ZoneInfo("Europe/Helsinki"))
    # The evening after: 18:00 to 22:00.
    shift: tuple[timedelta, timedelta] = (timedelta(hours=42), timedelta(hours=46))
    zone: str = "hel-lf"

    def load_places(self, session: Session, seed: int) -> None:
        """Streets, buildings, places and water of the extract, and a tree derived from its junctions.

        Raises
        ------
        LianfangError
            When the extract is missing.
        """
        if not EXTRACT.exists():
            raise LianfangError(f"{EXTRACT} is missing; `make run` fetches it")
        extract = read_osm(EXTRACT)
        open_site(
            session,
            name="赫尔辛基市中心",
            name_en="Central Helsinki",
            bounds=extract.bounds,
            timezone=str(self.day.tzinfo),
            attribution=extract.attribution,
            scene=self.name,
        )
        real = Source.of_file(EXTRACT, datum="wgs84", label="real", author=AUTHOR)
        store_extract(session, extract, real)
        nodes = to_metric(extract.road_nodes, site_crs(session))
        tree = derive_jurisdictions(nodes, seed=seed, counts=DerivedCounts(root="hel"))
        store_jurisdictions(session, to_lonlat(tree), self._made("jurisdictions", seed, "derived"))

    def load_cameras(self, session: Session, folder: Path, seed: int) -> Loaded:
        """The extract's cameras with made-up compass points and recorder, so the whole batch is synthetic."""
        day = self.day_of_frames(session, seed)
        store_cameras(session, to_lonlat(day.cameras), self._made("cameras", seed, "synthetic"))
        return Loaded(day, None)

    def day_of_frames(self, session: Session, seed: int) -> SyntheticDay:
        """The day of the stored streets and the extract's cameras, numbered as the extract's rows."""
        crs = site_crs(session)
        _, edges = places.roads(session)
        return synthetic_day(
            to_metric(read_osm(EXTRACT).cameras, crs),
            to_metric(edges[edges["watched"]], crs).geometry,
            day_start=self.day,
            seed=seed,
            obstructions=to_metric(places.obstructions(session), crs).geometry,
        )

    def load_zone(self, session: Session, seed: int) -> None:
        """A zone of adjoining villages around the middle, eight teams in them, and fixed duties."""
        crs = site_crs(session)
        tree = to_metric(places.jurisdictions(session), crs)
        villages = tree[tree["level"] == VILLAGE_LEVEL].set_index("path")
        members = [str(path) for path in compact_zone(villages, ZONE_VILLAGES)]
        zone = store_zone(
            session,
            villages.loc[members],
            code=self.zone,
            name="派生联防片区",
            name_en="Derived joint-defence zone",
            source=self._made("zones", seed, "derived"),
        )
        network, _ = road_network(session)
        nodes, _ = places.roads(session)
        junctions = to_metric(nodes, crs).geometry
        turns: Counter[str] = Counter()
        rows: list[dict[str, object]] = []
        for n, mode in enumerate(TEAM_MODES, start=1):
            village = members[(n - 1) % len(members)]
            turns[village] += 1
            ordinal = ORDINALS[turns[village] - 1]
            rows.append(
                {
                    "code": f"hel-t{n}",
                    "name": f"{villages.loc[village, 'name']}{ordinal}队（{MODE_NAMES[mode]}）",
                    "name_en": f"{villages.loc[village, 'name_en']}, team {turns[village]} ({mode})",
                    "village": village,
                    "mode": mode,
                    "geometry": base_near(network, junctions, villages.loc[village, "geometry"], mode),
                }
            )
        store_zone_teams(session, rows, zone, crs, self._made("teams", seed, "derived"))
        store_duties(
            session, zone, junctions, crs, self.day, self._made("duties", seed, "synthetic"), follows=False
        )

    def _made(self, kind: str, seed: int, label: str) -> Source:
        return made_here(self.name, kind, seed, label)
