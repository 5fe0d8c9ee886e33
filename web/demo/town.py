"""The invented town 榕渚镇: every street, camera and frame is made up, so everything about it is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from cameras.repository import records
from cameras.services import import_cameras
from cameras.synthetic import SyntheticDay
from cameras.synthetic.town import TownCameras, town_cameras
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.services import Source, open_site, site_crs, store_extract, store_jurisdictions
from geo.synthetic import VILLAGES, Town, synthetic_town
from patrols.services.zoning import road_network
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

LIST = "cameras.csv"
# Short names of the villages by turns, and how each team moves.
TEAMS = (
    ("上寨", "ebike"),
    ("莲塘", "foot"),
    ("下寨", "ebike"),
    ("沟尾", "ebike"),
    ("墟头", "foot"),
    ("后埔", "ebike"),
    ("东陇", "ebike"),
    ("溪头", "ebike"),
    ("墟头", "ebike"),
    ("下寨", "car"),
)


@lru_cache(maxsize=1)
def made_town(seed: int) -> tuple[Town, TownCameras]:
    """The town of a seed and its cameras; kept, because several steps of the demo ask for it."""
    town = synthetic_town(seed)
    return town, town_cameras(town, seed=seed)


@dataclass(frozen=True)
class SyntheticTown:
    """The scene that is made up altogether."""

    name: str = "town"
    day: datetime = datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    # The evening after: 20:00 to midnight.
    shift: tuple[timedelta, timedelta] = (timedelta(hours=44), timedelta(hours=48))
    zone: str = "rz-lf"

    def load_places(self, session: Session, seed: int) -> None:
        """Streets, buildings, places, water and jurisdictions of the town."""
        town, _ = made_town(seed)
        extract = town.extract()
        open_site(
            session,
            name="榕渚镇（合成数据）",
            name_en="Rongzhu Town (synthetic data)",
            bounds=extract.bounds,
            timezone=str(self.day.tzinfo),
            attribution=extract.attribution,
            scene=self.name,
        )
        store_extract(session, extract, self._made("places", seed))
        store_jurisdictions(session, to_lonlat(town.jurisdictions), self._made("jurisdictions", seed))

    def load_cameras(self, session: Session, folder: Path, seed: int) -> Loaded:
        """The town's camera list, errors and all, through the door of real lists; good rows are kept."""
        path = folder / LIST
        made_town(seed)[1].write(path)
        report = import_cameras(
            session, path, datum="cgcs2000", author=AUTHOR, keep_good=True, label="synthetic"
        )
        return Loaded(None, report)

    def day_of_frames(self, session: Session, seed: int) -> SyntheticDay:
        """The day of the cameras that the list's reader took in, where the list says they stand."""
        crs = site_crs(session)
        _, edges = places.roads(session)
        _, cameras = made_town(seed)
        return cameras.day(
            to_metric(records.cameras(session), crs),
            to_metric(edges[edges["watched"]], crs).geometry,
            to_metric(places.obstructions(session), crs).geometry,
            day_start=self.day,
            seed=seed,
        )

    def load_zone(self, session: Session, seed: int) -> None:
        """All eight villages patrol together; two of them have two teams."""
        crs = site_crs(session)
        tree = to_metric(places.jurisdictions(session), crs)
        villages = tree.set_index("code").loc[[site.code for site in VILLAGES]]
        zone = store_zone(
            session,
            villages.set_index("path"),
            code=self.zone,
            name="榕渚八村联防片区",
            name_en="Rongzhu joint-defence zone of eight villages",
            source=self._made("zones", seed),
        )
        network, _ = road_network(session)
        nodes, _ = places.roads(session)
        junctions = to_metric(nodes, crs).geometry
        doors = to_metric(places.places(session), crs).set_index("name").geometry
        by_short = {site.short: site for site in VILLAGES}
        turns: Counter[str] = Counter()
        rows: list[dict[str, object]] = []
        for n, (short, mode) in enumerate(TEAMS, start=1):
            turns[short] += 1
            site = by_short[short]
            ground = villages.loc[site.code]
            office = doors[f"{short}村党群服务中心"]
            rows.append(
                {
                    "code": f"rz-t{n:02d}",
                    "name": f"{site.name}{ORDINALS[turns[short] - 1]}队（{MODE_NAMES[mode]}）",
                    "name_en": f"{site.name_en}, team {turns[short]} ({mode})",
                    "village": ground["path"],
                    "mode": mode,
                    "geometry": base_near(network, junctions, ground["geometry"], mode, office),
                }
            )
        store_zone_teams(session, rows, zone, crs, self._made("teams", seed))
        store_duties(session, zone, junctions, crs, self.day, self._made("duties", seed), follows=True)

    def _made(self, kind: str, seed: int) -> Source:
        return made_here(self.name, kind, seed, "synthetic")
