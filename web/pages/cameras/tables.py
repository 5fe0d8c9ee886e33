"""The list of cameras."""

from __future__ import annotations

from cameras.choices import POINT_CLASSES
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
        Column("leaf", N_("Jurisdiction")),
        Column("management_unit", N_("Maintenance unit"), filter="equals", shown=False),
        Column(
            "point_class",
            N_("Class of the point"),
            "choice",
            filter="choice",
            words={str(number): str(words) for number, words in POINT_CLASSES.items()},
            shown=False,
        ),
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
        SELECT c.id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name,
               COALESCE(s.state, 'unknown') AS state, s.online, s.change, s.together,
               c.azimuth_quality, COALESCE(s.findings, 0) AS findings, c.parent_code AS parent,
               c.management_unit, c.point_class::text AS point_class,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               c.jurisdiction_path AS path, c.geom
        FROM camera c LEFT JOIN camera_state s ON s.camera_id = c.id AND s.analysis_id = :analysis
        LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
        WHERE upper_inf(c.valid)""",
    default_sort="name",
    link="/cameras/{code}",
    path="path",
    geometry="geom",
    late=True,
)
