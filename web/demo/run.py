"""One way of making a scene of the demo: step by step, each step a transaction of its own.

Whoever looks meanwhile sees the map grow: places first, then cameras, frames, the analysis, the plan. What
was reached is written down with each step, in the same transaction, so that an interrupted demo goes on
where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, FromClause, func, select, text, update
from sqlalchemy.orm import Session

from cameras.causes import CAUSE_NAMES
from cameras.levels import DORI
from cameras.repository import frames as frame_store
from cameras.repository import records, results
from cameras.services import SourceSpec, analyse, ingest_frames
from cameras.services.auditing import audit_cameras
from cameras.services.upkeep import freeze_list
from cameras.synthetic import SyntheticDay
from cameras.tables import Analysis
from geo.db import Base, transaction
from geo.errors import LianfangError, Sentence
from geo.scope import WHOLE_SITE
from geo.tables import Setting
from patrols.rosters.slots import read_slots
from patrols.services import plan_shift, rostering
from patrols.solve import Budget
from patrols.tables import Plan, PlanStop
from web.basemap import basemap_folder, ensure_basemap
from web.demo.helsinki import Helsinki
from web.demo.scene import DemoScene
from web.demo.town import SyntheticTown
from web.demostate import (
    AUTHOR,
    SCENE_NAMES,
    Progress,
    demo_progress,
    finished_summary,
    note_progress,
    refuse_others_data,
)
from web.duty.files import write_plan
from web.exports import write_table
from web.gaptable import gap_table
from web.i18n import N_
from web.mapdata import map_data
from web.maps import render_map
from web.progress import Steps, Update
from web.tables import JobRun

_SCENES: tuple[DemoScene, ...] = (Helsinki(), SyntheticTown())
SCENES = {scene.name: scene for scene in _SCENES}
# Iterations a stage, not seconds: the same seed gives the same plan on any machine.
ITERATIONS = (20_000,)
# Of the roster that is made for the week after: hours, teams, villages; and numbers of nobody who leads.
SLOTS = "18:00-22:00 2 2"
LEADERS = ("000001", "000002")
# Whose tables a scene replaces: not who may sign in, what was done, and how the program is set.
SCENE_PACKAGES = ("geo", "cameras", "patrols")
LIST_REPORT = "cameras-report.txt"
# "demo" in ASCII: PostgreSQL's advisory locks are numbers.
LOCK = 0x64656D6F


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


def run_demo(
    engine: Engine, folder: Path, *, scene: str = "helsinki", seed: int, fresh: bool, steps: Steps
) -> dict[str, Any]:
    """Load, analyse, plan and draw a scene, or find it done; answers the summary of DESIGN §6.

    A scene that was interrupted goes on where it was; another one, or one of another seed, takes its place.

    Parameters
    ----------
    engine : Engine
    folder : Path
        Where frames, gaps, plan and map are written.
    scene : str
        A key of `SCENES`.
    seed : int
        Of everything that is made up, and of the plan.
    fresh : bool
        Do it again even when it is there already.
    steps : Steps
        Tells progress and takes the times.

    Raises
    ------
    LianfangError
        When the database holds something else than the demo, another process is making it, the scene is not
        known, or its extract is missing.
    """
    if scene not in SCENES:
        raise LianfangError(f"there is no scene {scene!r}; the demo has {' and '.join(SCENE_NAMES)}")
    # Made beside the folder and put in its place at the end, so that files there are always whole.
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    with _alone(engine):
        with transaction(engine, scope=WHOLE_SITE) as session:
            done = finished_summary(session, seed, scene)
            if done is not None and not fresh:
                return done
            reached = demo_progress(session)
            if fresh or reached is None or not reached.goes_on(scene, seed) or not unfinished.is_dir():
                refuse_others_data(session, fresh=fresh)
                reached = Progress(scene, seed)
        if not reached.made:
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
        making = _Making(engine, SCENES[scene], unfinished, folder, reached, steps)
        return {**making.summary(), "step_s": steps.seconds}


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the demo's lock: two that make it at once would remove each other's rows."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    # Taken out of the pool: closed, it frees the lock whatever happened before.
    connection.detach()
    with connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar_one():
            raise LianfangError(Sentence("the demo is being made by another process; wait until it is there"))
        yield
        # Closing alone frees it only when the server has noticed, and the next run may be there before.
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


class _Making:
    """A scene on its way: what it has reached, and the steps that are left."""

    def __init__(
        self,
        engine: Engine,
        scene: DemoScene,
        unfinished: Path,
        folder: Path,
        reached: Progress,
        steps: Steps,
    ) -> None:
        self._engine = engine
        self._scene = scene
        self._unfinished = unfinished
        self._folder = folder
        self._reached = reached
        self._steps = steps
        self._day: SyntheticDay | None = None

    def summary(self) -> dict[str, Any]:
        """Take the steps that are left; answers the figures."""
        with self._steps.step("places", N_("Streets, buildings, places")) as tell:
            self._stage("places", lambda session: self._places(session))
            with transaction(self._engine, scope=WHOLE_SITE) as session:
                ensure_basemap(session, basemap_folder(self._folder.parent))
            tell(0.5)
            self._stage("cameras", lambda session: self._cameras(session))
        self._tell_list(self._reached.made["cameras"])
        with self._steps.step("frames", N_("One synthetic day of frames")) as tell:
            self._frames(tell)
        with self._steps.step("analyse", N_("Footprints, coverage, gaps")) as tell:
            self._stage("analysis", lambda session: self._analysis(session, tell))
        with self._steps.step("plan", N_("Cross-patrol plan for tonight")) as tell:
            self._stage("plan", lambda session: self._plan(session, tell))
        with self._steps.step("map", N_("Map and files")):
            self._stage("summary", lambda session: self._finish(session))
        summary: dict[str, Any] = self._reached.made["summary"]
        return summary

    def _stage(self, name: str, work: Callable[[Session], Any]) -> None:
        """One transaction: the work, and the note that it is done with what it answered."""
        if name in self._reached.made:
            return
        with transaction(self._engine, scope=WHOLE_SITE) as session:
            reached = self._reached.with_stage(name, work(session))
            note_progress(session, reached, AUTHOR)
        self._reached = reached

    def _places(self, session: Session) -> bool:
        wipe(session)
        self._scene.load_places(session, self._reached.seed)
        return True

    def _cameras(self, session: Session) -> dict[str, Any]:
        loaded = self._scene.load_cameras(session, self._unfinished, self._reached.seed)
        self._day = loaded.day
        report = loaded.report
        if report is None:
            return {}
        return {
            "stored": report.stored,
            "problems": list(report.problems),
            "findings": list(report.findings),
        }

    def _tell_list(self, report: dict[str, Any]) -> None:
        """Say what the reader said of a list, and leave all of it in a file."""
        if not report:
            return
        said = [*report["problems"], *report["findings"]]
        path = self._unfinished / LIST_REPORT
        path.write_text("".join(f"{sentence}\n" for sentence in said), encoding="utf8")
        self._steps.say(
            f"{report['stored']} cameras taken in from the list; {len(report['problems'])} sentences on rows "
            f"that were refused and {len(report['findings'])} findings: {LIST_REPORT}"
        )

    def _frames(self, tell: Update) -> None:
        """Presets and the frames of the day, through the door of real ones, a file at a time."""
        if "frames" in self._reached.made:
            return
        with transaction(self._engine, scope=WHOLE_SITE) as session:
            day = self._day or self._scene.day_of_frames(session, self._reached.seed)
            number = day.cameras["code"].map(records.camera_ids(session))
        tell(0.3)
        files = day.write(self._unfinished)
        tell(0.5)
        for done, (row, path) in enumerate(files.items(), start=1):
            about = day.sources.to_dict("index")[row]
            spec = SourceSpec(about["code"], about["expected_interval_s"], about["kind"], "synthetic")
            # A file that was stored before an interruption is known and not stored twice.
            with transaction(self._engine, scope=WHOLE_SITE) as session:
                ingest_frames(session, path, spec, now=self._scene.day + timedelta(days=1))
            tell(0.5 + 0.5 * done / len(files))

        def expected(session: Session) -> int:
            records.add_presets(session, day.presets.assign(camera=day.presets["camera"].map(number)))
            code_id = {code: source for source, code in frame_store.sources(session)["code"].items()}
            speaks = day.expected["source"].map(day.sources["code"]).map(code_id)
            frame_store.expect_sources(session, zip(day.expected["camera"].map(number), speaks, strict=True))
            return len(day.frames)

        self._stage("frames", expected)
        self._day = None

    def _analysis(self, session: Session, tell: Update) -> int:
        """The analysis of the day; besides, the audit of the records, and the month's list frozen."""
        day = self._scene.day
        end = day + timedelta(days=1)
        number = analyse(session, start=day, end=end, author=AUTHOR, progress=tell)
        audit_cameras(session, now=end, author=AUTHOR)
        freeze_list(session, month=day.date(), within=None, author=AUTHOR, now=end)
        return number

    def _plan(self, session: Session, tell: Update) -> int:
        self._scene.load_zone(session, self._reached.seed)
        start, end = (self._scene.day + hours for hours in self._scene.shift)
        number = plan_shift(
            session,
            zone=self._scene.zone,
            start=start.astimezone(UTC),
            end=end.astimezone(UTC),
            budget=Budget(iterations=ITERATIONS),
            seed=self._reached.seed,
            author=AUTHOR,
            progress=tell,
        ).plan_id
        # The week that follows, as a draft: published it would take teams out of what a visitor plans.
        first = (self._scene.day + timedelta(days=1)).date()
        rostering.make(
            session,
            zone=self._scene.zone,
            first=first,
            last=first + timedelta(days=6),
            slots=read_slots(SLOTS),
            leaders=LEADERS,
            author=AUTHOR,
        )
        return number

    def _finish(self, session: Session) -> dict[str, Any]:
        """Write the files, put them in their place, and answer the figures of DESIGN §6."""
        made, files = self._reached.made, DemoFiles(self._unfinished)
        found = results.gaps(session, made["analysis"])
        for ending in (".geojson", ".gpkg"):
            write_table(gap_table(found), files.gaps(ending), layer="gaps")
        write_plan(session, made["plan"], files.plan)
        page = render_map(map_data(session, zone=self._scene.zone), lang="zh")
        files.map.write_text(page, encoding="utf8")
        summary = self._summary(session, DemoFiles(self._folder))
        shutil.rmtree(self._folder, ignore_errors=True)
        self._unfinished.rename(self._folder)
        return summary

    def _summary(self, session: Session, files: DemoFiles) -> dict[str, Any]:
        made = self._reached.made
        found = session.get_one(Analysis, made["analysis"]).totals
        plan = session.get_one(Plan, made["plan"])
        return {
            "cameras": found["cameras"],
            "frames": made["frames"],
            # The database keeps the keys of JSON in an order of its own.
            "gaps": {name: found["gaps"][name] for name in CAUSE_NAMES},
            "street_length_m": found["street_length_m"],
            "watched_share": {name: found["watched_share"][name] for name in DORI},
            "stops": session.scalar(select(func.count()).where(PlanStop.plan_id == plan.id)),
            "reachable_stops": plan.reachable,
            "crossed_stops": plan.crossed,
            "violations": len(plan.violations),
            "map_path": str(files.map),
            "plan_path": str(files.plan),
        }


def scene_tables() -> set[FromClause]:
    """The tables that describe a place: what a scene fills, and what goes with it."""
    return {
        mapper.local_table
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.partition(".")[0] in SCENE_PACKAGES and mapper.class_ is not Setting
    }


def wipe(session: Session) -> None:
    """Empty the tables that describe a place; the demo's own data is all there is in them."""
    # A job stays written down when its jurisdiction is gone, for whoever sees the whole site.
    placed = JobRun.jurisdiction_path.is_not(None)
    session.execute(update(JobRun).where(placed).values(jurisdiction_path=None))
    scene = scene_tables()
    for table in reversed(Base.metadata.sorted_tables):
        if table in scene:
            session.execute(table.delete())
