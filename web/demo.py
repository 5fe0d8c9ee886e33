"""The demo: central Helsinki's real streets, one synthetic day of frames, a plan for the night after.

Streets, buildings, places and camera positions are OpenStreetMap's. The jurisdictions, the zone and the
teams are derived, the frames synthetic; each is labelled so wherever it is shown.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
from shapely import MultiPolygon, Point, Polygon
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from cameras.repository import records, results
from cameras.services import SourceSpec, analyse, ingest_frames, store_cameras
from cameras.synthetic import SyntheticDay, synthetic_day
from cameras.tables import Analysis
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.db import Base, transaction
from geo.errors import LianfangError
from geo.jurisdictions import DerivedCounts, derive_jurisdictions
from geo.osm import read_osm
from geo.roads import RoadNetwork
from geo.scope import WHOLE_SITE
from geo.services import Source, open_site, site_crs, store_extract, store_jurisdictions
from geo.tables import ImportBatch
from patrols.services import PlanOutcome, plan_shift, store_teams, store_zones
from patrols.services.zoning import VILLAGE_LEVEL, road_network
from patrols.solve import Budget
from patrols.zones import compact_zone
from web.demostate import finished_summary, note_finished
from web.exports import write_table
from web.gaptable import gap_table
from web.mapdata import map_data
from web.maps import render_map
from web.planfiles import write_plan
from web.progress import Steps, Update
from web.tables import Account, ApiToken, AuditEntry, Grant, SignIn, SignInLink

EXTRACT = Path(__file__).resolve().parent.parent / "data" / "fetched" / "Helsinki.osm.pbf"
SCENE = "helsinki"
DAY = datetime(2026, 11, 20, tzinfo=ZoneInfo("Europe/Helsinki"))
SHIFT = (timedelta(hours=42), timedelta(hours=46))  # the evening after: 18:00 to 22:00
ZONE, ZONE_VILLAGES = "hel-lf", 6
# Home village by turns; three modes, so that no mode is the only one.
TEAM_MODES = ("foot", "ebike", "foot", "car", "foot", "ebike", "foot", "ebike")
ORDINALS = "一二三四"
MODE_NAMES = {"foot": "步行", "ebike": "电动车", "car": "汽车"}
RULE = {"pattern": "separate", "visits": 2, "villages": 2, "separation_s": 1800}
# Iterations a stage, not seconds: the same seed gives the same plan on any machine.
ITERATIONS = (1500, 1500)
AUTHOR = "demo"


@dataclass(frozen=True)
class DemoFiles:
    """Where the demo writes what it shows."""

    folder: Path

    @property
    def map(self) -> Path:
        """The self-contained map."""
        return self.folder / "map.html"

    @property
    def plan(self) -> Path:
        """The plan file."""
        return self.folder / "plan.json"

    def gaps(self, ending: str) -> Path:
        """The gaps, by ending."""
        return self.folder / f"gaps{ending}"


def run_demo(engine: Engine, folder: Path, *, seed: int, fresh: bool, steps: Steps) -> dict[str, Any]:
    """Load, analyse, plan and draw the demo, or find it done; answers the summary of DESIGN §6.

    Parameters
    ----------
    engine : Engine
    folder : Path
        Where frames, gaps, plan and map are written.
    seed : int
        Of the synthetic day and of the plan.
    fresh : bool
        Do it again even when it is there already.
    steps : Steps
        Tells progress and takes the times.

    Raises
    ------
    LianfangError
        When the database holds something else than the demo, or the extract is missing.
    """
    # Made beside the folder and put in its place at the end, so that files there are always whole.
    files, unfinished = DemoFiles(folder), DemoFiles(folder.with_name(f"{folder.name}.unfinished"))
    with transaction(engine, scope=WHOLE_SITE) as session:
        done = finished_summary(session, seed)
        if done is not None and not fresh:
            return done
        site = places.site(session)
        others = session.scalar(select(func.count()).where(ImportBatch.author != AUTHOR))
        if site is not None and (site.scene != SCENE or others):
            raise LianfangError(
                f"the database holds the site {site.name!r} with {others} imported files, which the demo "
                "would remove; give the demo one of its own: set LIANFANG_VAR to another folder"
            )
    if not EXTRACT.exists():
        raise LianfangError(f"{EXTRACT} is missing; `make run` fetches it")
    shutil.rmtree(unfinished.folder, ignore_errors=True)
    unfinished.folder.mkdir(parents=True)
    # One transaction: whoever looks meanwhile sees the demo before, and an interruption leaves that whole.
    with transaction(engine, scope=WHOLE_SITE) as session:
        with steps.step("places", "Streets, buildings, places"):
            _wipe(session)
            _load_places(session, seed)
        with steps.step("frames", "One synthetic day of frames") as update:
            day = _load_day(session, unfinished.folder, seed, update)
        with steps.step("analyse", "Footprints, coverage, gaps") as update:
            analysis = analyse(
                session, start=DAY, end=DAY + timedelta(days=1), author=AUTHOR, progress=update
            )
        with steps.step("plan", "Cross-patrol plan for tonight") as update:
            _load_zone(session, seed)
            made = plan_shift(
                session,
                zone=ZONE,
                start=(DAY + SHIFT[0]).astimezone(UTC),
                end=(DAY + SHIFT[1]).astimezone(UTC),
                budget=Budget(iterations=ITERATIONS),
                seed=seed,
                author=AUTHOR,
                progress=update,
            )
        with steps.step("map", "Map and files"):
            found = results.gaps(session, analysis)
            for ending in (".geojson", ".gpkg"):
                write_table(gap_table(found), unfinished.gaps(ending), layer="gaps")
            write_plan(session, made.plan_id, unfinished.plan)
            page = render_map(map_data(session, zone=ZONE), lang="zh", inline=True)
            unfinished.map.write_text(page, encoding="utf8")
            summary = _summary(session, analysis, made, day, files)
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.folder.rename(folder)
            note_finished(session, seed, summary, AUTHOR)
    return {**summary, "step_s": steps.seconds}


def _wipe(session: Session) -> None:
    """Empty every table but who may sign in and what was done; the demo's own data is all there is."""
    kept = {model.__tablename__ for model in (Account, Grant, SignIn, SignInLink, ApiToken, AuditEntry)}
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in kept:
            session.execute(table.delete())


def _load_places(session: Session, seed: int) -> None:
    extract = read_osm(EXTRACT)
    open_site(
        session,
        name="赫尔辛基市中心",
        name_en="Central Helsinki",
        bounds=extract.bounds,
        timezone=str(DAY.tzinfo),
        attribution=extract.attribution,
        scene=SCENE,
    )
    store_extract(session, extract, _extract_source())
    nodes = to_metric(extract.road_nodes, site_crs(session))
    tree = derive_jurisdictions(nodes, seed=seed, counts=DerivedCounts(root="hel"))
    store_jurisdictions(session, to_lonlat(tree), _made_here("jurisdictions", seed, "derived"))


def _extract_source() -> Source:
    return Source.of_file(EXTRACT, datum="wgs84", label="real", author=AUTHOR)


def _made_here(kind: str, seed: int, label: str) -> Source:
    """The source of what the demo derives: no file, so its name and seed stand for the content."""
    name = f"{SCENE}-{kind}-seed-{seed}"
    return Source(name, hashlib.sha256(name.encode()).hexdigest(), "wgs84", label, AUTHOR)


def demo_day(session: Session, *, seed: int) -> SyntheticDay:
    """The synthetic day of the stored streets and the extract's cameras, numbered as the extract's rows."""
    crs = site_crs(session)
    _, edges = places.roads(session)
    return synthetic_day(
        to_metric(read_osm(EXTRACT).cameras, crs),
        to_metric(edges[edges["watched"]], crs).geometry,
        day_start=DAY,
        seed=seed,
        obstructions=to_metric(places.obstructions(session), crs).geometry,
    )


def _load_day(session: Session, folder: Path, seed: int, update: Update) -> SyntheticDay:
    """Make the day, store its cameras, and take its files in through the door of real ones."""
    day = demo_day(session, seed=seed)
    # Real positions, but compass points, presets and the NVR are made up: the whole batch says so.
    ids = store_cameras(session, to_lonlat(day.cameras), _made_here("cameras", seed, "synthetic"))
    number = dict(zip(day.cameras.index, ids, strict=True))
    records.add_presets(session, day.presets.assign(camera=day.presets["camera"].map(number)))
    update(0.3)
    files = day.write(folder)
    update(0.5)
    for done, (row, path) in enumerate(files.items(), start=1):
        about = day.sources.to_dict("index")[row]
        spec = SourceSpec(about["code"], about["expected_interval_s"], about["kind"], "synthetic")
        ingest_frames(session, path, spec, now=DAY + timedelta(days=1))
        update(0.5 + 0.5 * done / len(files))
    code_id = {code: number for number, code in records.sources(session)["code"].items()}
    pairs = zip(
        day.expected["camera"].map(number),
        day.expected["source"].map(day.sources["code"]).map(code_id),
        strict=True,
    )
    records.expect_sources(session, pairs)
    return day


def _load_zone(session: Session, seed: int) -> None:
    """A zone of adjoining villages around the middle, and eight teams in them."""
    crs = site_crs(session)
    tree = to_metric(places.jurisdictions(session), crs)
    villages = tree[tree["level"] == VILLAGE_LEVEL].set_index("path")
    members = [str(path) for path in compact_zone(villages, ZONE_VILLAGES)]
    zone = gpd.GeoDataFrame(
        {
            "code": [ZONE],
            "name": ["派生联防片区"],
            "name_en": ["Derived joint-defence zone"],
            "rule": [RULE],
            "members": [members],
        },
        geometry=[MultiPolygon([villages.loc[members].geometry.union_all()])],
        crs=crs,
    )
    number = store_zones(session, to_lonlat(zone), _made_here("zones", seed, "derived"))[0]
    network, _ = road_network(session)
    nodes, _ = places.roads(session)
    junctions = to_metric(nodes, crs).geometry
    turns: Counter[str] = Counter()
    rows = []
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
                "size": 2,
                "geometry": _base(network, junctions, villages.loc[village, "geometry"], mode),
            }
        )
    teams = gpd.GeoDataFrame(rows, crs=crs)
    store_teams(session, to_lonlat(teams), int(number), _made_here("teams", seed, "derived"))


def _base(
    network: RoadNetwork, junctions: gpd.GeoSeries, village: Polygon | MultiPolygon, mode: str
) -> Point:
    """The street junction of a village, usable by `mode`, that lies nearest to its middle."""
    inside = junctions[junctions.within(village)]
    usable = inside[(network.snap(inside, mode, 0.5)["edge_id"] >= 0).to_numpy()]
    return usable.loc[usable.distance(village.centroid).idxmin()]


def _summary(
    session: Session, analysis: int, made: PlanOutcome, day: SyntheticDay, files: DemoFiles
) -> dict[str, Any]:
    """The figures of DESIGN §6."""
    found = session.get_one(Analysis, analysis).totals
    return {
        "cameras": found["cameras"],
        "frames": len(day.frames),
        "gaps": found["gaps"],
        "street_length_m": found["street_length_m"],
        "watched_share": found["watched_share"],
        "stops": len(made.problem.stops),
        "reachable_stops": made.reachable,
        "crossed_stops": len(made.plan.crossed),
        "violations": len(made.violations),
        "map_path": str(files.map),
        "plan_path": str(files.plan),
    }
