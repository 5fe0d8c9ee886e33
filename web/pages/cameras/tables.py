"""The list of cameras."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from cameras.services.reporting import morning_losses
from cameras.tables import Analysis
from web.i18n import N_
from web.maps.words import AZIMUTHS, STATES
from web.tabular import Column, TableSpec

UNKNOWN = "unknown"
STATE_WORDS = {key: words for key, (words, _) in STATES.items()} | {UNKNOWN: N_("no analysis yet")}
STATE_TONES = {
    "outage": "bad",
    "degraded": "warn",
    "not_measured": "info",
    "usable": "good",
    UNKNOWN: "quiet",
}
CHANGES = {"new": N_("newly lost"), "still": N_("still lost"), "restored": N_("back again")}

CAMERAS = TableSpec(
    name="cameras",
    columns=(
        Column("name", N_("Name"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column(
            "state",
            N_("Worst state"),
            "choice",
            filter="choice",
            words=STATE_WORDS,
            tones=STATE_TONES,
            hint=N_("The worst state of the analysed period."),
        ),
        Column(
            "change",
            N_("Since the start"),
            "choice",
            filter="choice",
            words=CHANGES,
            tones={"new": "bad", "still": "warn", "restored": "good"},
            hint=N_("Lost at the end but not at the start of the period, at both, or back again."),
        ),
        Column(
            "online", N_("Online"), "share", filter="range", hint=N_("Share of the period with pictures.")
        ),
        Column("azimuth_quality", N_("Direction"), "choice", filter="choice", words=AZIMUTHS),
        Column("findings", N_("Findings"), "integer", filter="range"),
        Column("leaf", N_("Jurisdiction"), search=True),
        Column("parent", N_("Recorder"), "code", filter="equals"),
        Column(
            "together",
            N_("Lost with"),
            "code",
            filter="equals",
            hint=N_("The recorder or source that its last loss has in common with others."),
        ),
    ),
    source="""
        WITH spoken AS (
          SELECT camera_id,
                 (array_agg(state ORDER BY array_position(
                    ARRAY['outage', 'degraded', 'not_measured', 'usable'], state)))[1] AS state,
                 sum(extract(epoch FROM upper(period) - lower(period)))
                     FILTER (WHERE state IN ('usable', 'degraded'))
                 / sum(extract(epoch FROM upper(period) - lower(period))) AS online
          FROM availability WHERE analysis_id = :analysis GROUP BY camera_id),
        found AS (
          SELECT camera_id, count(*) AS findings FROM camera_finding
          WHERE analysis_id = :analysis GROUP BY camera_id)
        SELECT c.id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name,
               COALESCE(s.state, 'unknown') AS state,
               CASE WHEN s.camera_id IS NOT NULL THEN COALESCE(s.online, 0) END AS online,
               CASE WHEN c.id = ANY(CAST(:new AS bigint[])) THEN 'new'
                    WHEN c.id = ANY(CAST(:still AS bigint[])) THEN 'still'
                    WHEN c.id = ANY(CAST(:restored AS bigint[])) THEN 'restored' END AS change,
               c.azimuth_quality, COALESCE(f.findings, 0) AS findings, c.parent_code AS parent,
               w.common AS together,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               c.jurisdiction_path AS path, c.geom
        FROM camera c LEFT JOIN spoken s ON s.camera_id = c.id LEFT JOIN found f ON f.camera_id = c.id
        LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
        LEFT JOIN unnest(CAST(:lost AS bigint[]), CAST(:common AS text[])) AS w (id, common)
          ON w.id = c.id
        WHERE upper_inf(c.valid)""",
    default_sort="name",
    link="/cameras/{code}",
    path="path",
    geometry="geom",
)


def changes(session: Session, analysis: Analysis | None) -> dict[str, list[Any]]:
    """Parameters of the list: ids of the cameras newly lost, still lost and back again; of those lost with
    others, and with what."""
    if analysis is None:
        return {name: [] for name in (*CHANGES, "lost", "common")}
    found = morning_losses(session, analysis.id)
    with_others = found[found["common"] != ""]
    return {
        **{change: found.loc[found["change"] == change, "camera"].tolist() for change in CHANGES},
        "lost": with_others["camera"].tolist(),
        "common": with_others["common"].tolist(),
    }
