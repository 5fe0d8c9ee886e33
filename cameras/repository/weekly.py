"""What several analyses together say of a week; everything is what the session sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import geopandas as gpd
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras.tables import Analysis
from geo.db import read_frame, read_geoframe
from geo.repository.search import nearest_street, scope_values, within
from geo.scope import Scope

_OF = "{column} = ANY(CAST(:analyses AS bigint[]))"
_START, _END = ("(1000 * extract(epoch FROM {}({})))::bigint".format(end, "{}") for end in ("lower", "upper"))


def analyses(session: Session, start: datetime | None = None, end: datetime | None = None) -> list[Analysis]:
    """Analyses whose period reaches into `[start, end)`, or all; the newest first."""
    found = select(Analysis).order_by(Analysis.id.desc())
    if start is not None and end is not None:
        found = found.where(Analysis.period.op("&&")(func.tstzrange(start, end)))
    return list(session.scalars(found))


def areas(session: Session, area: Scope) -> pd.DataFrame:
    """The uppermost jurisdictions of an area and those directly below: path, name, name_en, top; by path."""
    return read_frame(
        session,
        """WITH top AS (
             SELECT path FROM jurisdiction
             WHERE upper_inf(valid) AND CASE WHEN :everywhere THEN nlevel(path) = 1
                                             ELSE path = ANY(CAST(:paths AS ltree[])) END)
           SELECT j.path::text AS path, j.name, COALESCE(j.name_en, j.name) AS name_en, j.path = t.path AS top
           FROM top t JOIN jurisdiction j ON j.path <@ t.path AND nlevel(j.path) <= nlevel(t.path) + 1
           WHERE upper_inf(j.valid) ORDER BY j.path""",
        **scope_values(area),
    )


def names(session: Session, paths: Sequence[str]) -> pd.DataFrame:
    """Jurisdictions at these paths, by path: name, name_en."""
    return read_frame(
        session,
        """SELECT path::text AS path, name, COALESCE(name_en, name) AS name_en FROM jurisdiction
           WHERE upper_inf(valid) AND path = ANY(CAST(:paths AS ltree[]))""",
        paths=list(paths),
    ).set_index("path")


def share_sums(session: Session, analysis_ids: Sequence[int], paths: Sequence[str]) -> pd.DataFrame:
    """Watched ground of some jurisdictions for `cameras.weekly.mean_shares`, kinds summed up."""
    return read_frame(
        session,
        f"""SELECT analysis_id AS analysis, jurisdiction_path::text AS path, ground, level,
                   sum(measure)::float8 AS measure, sum(total)::float8 AS total,
                   sum(certain)::float8 AS certain, sum(possible)::float8 AS possible
            FROM coverage_share
            WHERE {_OF.format(column="analysis_id")} AND jurisdiction_path = ANY(CAST(:paths AS ltree[]))
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
        analyses=list(analysis_ids),
        paths=list(paths),
    )


def deficit_sums(session: Session, analysis_ids: Sequence[int], paths: Sequence[str]) -> pd.DataFrame:
    """Deficits of some jurisdictions at the level of each analysis, for `cameras.weekly.mean_deficits`."""
    return read_frame(
        session,
        f"""SELECT s.analysis_id AS analysis, s.jurisdiction_path::text AS path, s.ground, d.key AS cause,
                   sum(d.value::numeric)::float8 AS deficit
            FROM coverage_share s JOIN analysis a ON a.id = s.analysis_id AND a.level = s.level
            CROSS JOIN LATERAL jsonb_each_text(s.deficit_by_cause) AS d
            WHERE {_OF.format(column="s.analysis_id")} AND s.jurisdiction_path = ANY(CAST(:paths AS ltree[]))
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
        analyses=list(analysis_ids),
        paths=list(paths),
    )


def gaps(session: Session, analysis_ids: Sequence[int], area: Scope) -> pd.DataFrame:
    """Gaps of analyses in an area for `cameras.weekly.things`, by id.

    A camera that the session does not see stands by its number, so that gaps of one camera stay one.
    """
    found = read_frame(
        session,
        f"""SELECT g.id, g.analysis_id AS analysis, g.cause, g.ground, g.measure,
                   g.jurisdiction_path::text AS leaf, g.reasons,
                   ARRAY(SELECT DISTINCT COALESCE(c.code, '#' || gc.camera_id)
                         FROM gap_camera gc LEFT JOIN camera c ON c.id = gc.camera_id
                         WHERE gc.gap_id = g.id ORDER BY 1) AS cameras
            FROM gap g
            WHERE {_OF.format(column="g.analysis_id")} AND {within("g.jurisdiction_path")} ORDER BY g.id""",
        analyses=list(analysis_ids),
        **scope_values(area),
    ).set_index("id")
    return found.assign(**{name: found[name].map(tuple) for name in ("cameras", "reasons")})


def gap_windows(session: Session, analysis_ids: Sequence[int], area: Scope) -> pd.DataFrame:
    """When gaps of analyses in an area were open: gap, analysis, start_ms, end_ms."""
    return read_frame(
        session,
        f"""SELECT id AS gap, analysis_id AS analysis, {_START.format("w")} AS start_ms,
                   {_END.format("w")} AS end_ms
            FROM gap, unnest(windows) AS w
            WHERE {_OF.format(column="analysis_id")} AND {within("jurisdiction_path")} ORDER BY 1, 3""",
        analyses=list(analysis_ids),
        **scope_values(area),
    ).astype("int64")


def streets_of(session: Session, gap_ids: Sequence[int]) -> dict[int, str]:
    """Name of the street that each gap lies in; none where it has no name."""
    rows = read_frame(
        session,
        f"""SELECT g.id, street.name FROM gap g
            CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS at) AS p
            CROSS JOIN LATERAL ({nearest_street("p.at")}) AS street
            WHERE g.id = ANY(CAST(:gaps AS bigint[]))""",
        gaps=list(gap_ids),
    )
    return dict(zip(rows["id"].tolist(), rows["name"].tolist(), strict=True))


def gap_shapes(
    session: Session, gap_ids: Sequence[int], last: int, lasting: Sequence[str]
) -> gpd.GeoDataFrame:
    """Ground of gaps (EPSG:4326): cause, ground; the same ground for the same cause once.

    Of causes in `lasting` only what the analysis `last` found.
    """
    return read_geoframe(
        session,
        """SELECT DISTINCT ON (cause, ground, md5(ST_AsBinary(geom))) cause, ground,
                  ST_AsBinary(geom) AS geom
           FROM gap WHERE id = ANY(CAST(:gaps AS bigint[]))
             AND (analysis_id = :last OR NOT cause = ANY(CAST(:lasting AS text[])))
           ORDER BY cause, ground, md5(ST_AsBinary(geom))""",
        gaps=list(gap_ids),
        last=last,
        lasting=list(lasting),
    )


def streets(session: Session, area: Scope) -> gpd.GeoDataFrame:
    """Watched streets of an area (EPSG:4326), by id."""
    return read_geoframe(
        session,
        f"""SELECT id, ST_AsBinary(geom) AS geom FROM road_edge
            WHERE upper_inf(valid) AND watched AND {within("jurisdiction_path")} ORDER BY id""",
        **scope_values(area),
    )


def borders(session: Session, paths: Sequence[str]) -> gpd.GeoDataFrame:
    """Shapes of jurisdictions (EPSG:4326): path; those without one are left out."""
    return read_geoframe(
        session,
        """SELECT path::text AS path, ST_AsBinary(geom) AS geom FROM jurisdiction
           WHERE upper_inf(valid) AND geom IS NOT NULL AND path = ANY(CAST(:paths AS ltree[]))
           ORDER BY path::text""",
        paths=list(paths),
    )


def segments(session: Session, analysis_ids: Sequence[int], area: Scope) -> pd.DataFrame:
    """Availability of the cameras of an area: analysis, camera, code, path, start_ms, end_ms, state, reason,
    moved; by camera and time."""
    return read_frame(
        session,
        f"""SELECT a.analysis_id AS analysis, a.camera_id AS camera, c.code,
                   c.jurisdiction_path::text AS path, {_START.format("a.period")} AS start_ms,
                   {_END.format("a.period")} AS end_ms, a.state, a.reason, a.moved
            FROM availability a JOIN camera c ON c.id = a.camera_id
            WHERE {_OF.format(column="a.analysis_id")} AND {within("c.jurisdiction_path")}
            ORDER BY a.camera_id, lower(a.period)""",
        analyses=list(analysis_ids),
        **scope_values(area),
    ).astype(dict.fromkeys(("analysis", "camera", "start_ms", "end_ms"), "int64"))


def records_in(session: Session, area: Scope) -> pd.DataFrame:
    """Cameras of an area valid now, by id: code, name, path."""
    return read_frame(
        session,
        f"""SELECT id, code, COALESCE(NULLIF(name, ''), code) AS name, jurisdiction_path::text AS path
            FROM camera WHERE upper_inf(valid) AND {within("jurisdiction_path")} ORDER BY id""",
        **scope_values(area),
    ).set_index("id")


def steps(session: Session, start: datetime, end: datetime, area: Scope) -> pd.DataFrame:
    """Findings that were opened and closed in `[start, end)` in an area: kind, opened, closed, by kind."""
    return read_frame(
        session,
        f"""SELECT f.kind,
                   count(*) FILTER (WHERE s.step IN ('found', 'returned', 'reopened')) AS opened,
                   count(*) FILTER (WHERE s.step IN ('gone', 'closed')) AS closed
            FROM audit_step s JOIN audit_finding f ON f.id = s.finding_id
            WHERE s.at >= :start AND s.at < :end AND {within("f.jurisdiction_path")}
              AND s.step IN ('found', 'returned', 'reopened', 'gone', 'closed')
            GROUP BY f.kind ORDER BY f.kind""",
        start=start,
        end=end,
        **scope_values(area),
    )


def open_findings(session: Session, area: Scope) -> dict[str, int]:
    """Findings of an area that are not closed now, by kind."""
    rows = read_frame(
        session,
        f"""SELECT kind, count(*) AS n FROM audit_finding
            WHERE state <> 'closed' AND {within("jurisdiction_path")} GROUP BY kind""",
        **scope_values(area),
    )
    return dict(zip(rows["kind"].tolist(), rows["n"].tolist(), strict=True))


def overdue(session: Session, today: date, area: Scope) -> pd.DataFrame:
    """Findings whose work order was due before a day and is not closed, the longest overdue first: id,
    order_no, unit, due_on, kind, name, code."""
    return read_frame(
        session,
        f"""SELECT id, order_no, unit, due_on, kind, name, code FROM audit_finding
            WHERE state = 'assigned' AND due_on < :today AND {within("jurisdiction_path")}
            ORDER BY due_on, order_no, kind, subject""",
        today=today,
        **scope_values(area),
    )
