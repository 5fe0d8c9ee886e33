"""Tables of camera audits."""

from __future__ import annotations

from dataclasses import replace

from cameras.audit import KINDS, SEVERITIES
from cameras.choices import POINT_CLASSES
from cameras.repository.audits import made_about, shown_evidence
from web.audittable import SEVERITY_WORDS, STATES
from web.i18n import N_
from web.maps.words import LEVELS
from web.pages.jurisdictions.tables import PLACE_KINDS
from web.tabular import Column, TableSpec

SEVERITY_TONES = dict(zip(SEVERITIES, ("bad", "warn", "quiet"), strict=True))
STATE_TONES = {"open": "bad", "assigned": "info", "accepted": "quiet", "closed": "good"}
STEPS = {
    "found": N_("found by an audit"),
    "returned": N_("found again by an audit"),
    "gone": N_("no longer found: closed"),
    "accepted": N_("accepted"),
    "assigned": N_("assigned"),
    "closed": N_("closed after review"),
    "reopened": N_("opened again"),
}

_FINDINGS = TableSpec(
    name="findings",
    columns=(
        Column(
            "kind",
            N_("Finding"),
            "choice",
            filter="choice",
            words={name: str(kind.title) for name, kind in KINDS.items()},
        ),
        Column("pick", N_("Choose"), sortable=False, exported=False),
        Column("name", N_("Camera or file"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column(
            "severity",
            N_("Severity"),
            "choice",
            filter="choice",
            words=SEVERITY_WORDS,
            tones=SEVERITY_TONES,
        ),
        Column("state", N_("State"), "choice", filter="choice", words=STATES, tones=STATE_TONES),
        Column("evidence", N_("Evidence"), "said", sortable=False),
        Column("unit", N_("Maintenance unit"), filter="contains"),
        Column("due_on", N_("Deadline"), "day", filter="period"),
        Column("overdue", N_("Overdue"), "flag", filter="flag", shown=False),
        Column("order_no", N_("Work order"), "code", filter="equals", shown=False),
        Column("leaf", N_("Jurisdiction"), search=True),
        Column("found_at", N_("Found at"), "moment", filter="period"),
        Column("seen_at", N_("Last seen at"), "moment", shown=False),
        Column("value", N_("Value"), "number", digits=3, shown=False),
    ),
    source=f"""
        SELECT f.id, f.kind, '' AS pick, f.name, f.code, f.severity, f.state,
               {shown_evidence()} AS evidence,
               COALESCE(f.unit, f.record_unit) AS unit, f.due_on,
               f.state = 'assigned' AND f.due_on < CAST(:today AS date) AS overdue, f.order_no,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               f.found_at, f.seen_at, f.value, f.jurisdiction_path AS path, f.geom
        FROM audit_finding f
        LEFT JOIN jurisdiction j ON j.path = f.jurisdiction_path""",
    default_sort="severity",
    link="/checks/{id}",
    path="path",
    geometry="geom",
)


def findings(*, picking: bool) -> TableSpec:
    """The table of findings, with boxes to tick for whoever may act."""
    columns = tuple(one for one in _FINDINGS.columns if picking or one.key != "pick")
    return replace(_FINDINGS, columns=columns)


MAINTENANCE = TableSpec(
    name="maintenance",
    columns=(
        Column("period_from", N_("From"), "moment", filter="period"),
        Column("period_to", N_("To"), "moment"),
        Column(
            "phase",
            N_("State"),
            "choice",
            filter="choice",
            words={
                "running": N_("running"),
                "ahead": N_("ahead"),
                "over": N_("over"),
                "withdrawn": N_("withdrawn"),
            },
            tones={"running": "info", "ahead": "quiet", "over": "good", "withdrawn": "warn"},
        ),
        Column("cameras", N_("Cameras"), "integer"),
        Column("unit", N_("Maintenance unit"), filter="contains"),
        Column("codes", N_("Codes"), "list", sortable=False, shown=False),
        Column("reason", N_("Reason"), search=True),
        Column("author", N_("Registered by"), search=True),
        Column("created_at", N_("Registered at"), "moment"),
        Column("deed", "", sortable=False, exported=False),
    ),
    source="""
        SELECT m.id, lower(m.period) AS period_from, upper(m.period) AS period_to,
               CASE WHEN m.withdrawn_at IS NOT NULL THEN 'withdrawn'
                    WHEN upper(m.period) <= CAST(:now AS timestamptz) THEN 'over'
                    WHEN lower(m.period) > CAST(:now AS timestamptz) THEN 'ahead' ELSE 'running' END AS phase,
               (SELECT count(*) FROM maintenance_camera c WHERE c.maintenance_id = m.id) AS cameras, m.unit,
               ARRAY(SELECT c.code FROM maintenance_camera c WHERE c.maintenance_id = m.id ORDER BY 1)
                   AS codes,
               m.reason, m.author, m.created_at, '' AS deed, scope_holds_maintenance(m.id) AS held
        FROM maintenance m
        WHERE CAST(:paths AS ltree[]) IS NULL
           OR EXISTS (SELECT FROM maintenance_camera c WHERE c.maintenance_id = m.id
                      AND c.jurisdiction_path <@ ANY (CAST(:paths AS ltree[])))""",
    default_sort="-period_from",
    extra=("held",),
)

ASSESSED = TableSpec(
    name="assessed",
    columns=(
        Column("month", N_("Month")),
        Column("area", N_("Jurisdiction"), search=True),
        Column(
            "point_class",
            N_("Class of the point"),
            "choice",
            words={str(number): str(words) for number, words in POINT_CLASSES.items()},
        ),
        Column("cameras", N_("Cameras"), "integer"),
        Column("frozen_by", N_("Frozen by"), search=True),
        Column("frozen_at", N_("Frozen at"), "moment"),
    ),
    source=f"""
        SELECT l.id, to_char(l.month, 'YYYY-MM') AS month,
               CASE WHEN l.within_path IS NULL THEN CAST(:everywhere AS text) WHEN j.id IS NULL
                    THEN CAST(:above AS text) WHEN :lang = 'zh' THEN j.name
                    ELSE COALESCE(j.name_en, j.name) END AS area,
               l.point_class::text AS point_class, l.cameras, l.frozen_by, l.frozen_at
        FROM assessed_list l LEFT JOIN jurisdiction j ON j.path = l.within_path
        WHERE {made_about("l.within_path")}""",
    default_sort="-month",
    link="/checks/assessed/{id}",
)

ASSESSED_CAMERAS = TableSpec(
    name="assessed_cameras",
    columns=(
        Column("name", N_("Name"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column("unit", N_("Maintenance unit"), filter="contains"),
        Column("leaf", N_("Jurisdiction"), search=True),
    ),
    source="""
        SELECT c.code AS id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name, c.unit,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               c.jurisdiction_path AS path
        FROM assessed_camera c LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
        WHERE c.list_id = :list""",
    default_sort="name",
    link="/cameras/{code}",
    path="path",
)

RATES = TableSpec(
    name="rates",
    columns=(
        Column("name", N_("Of")),
        Column("cameras", N_("Cameras"), "integer"),
        Column(
            "filled",
            N_("Record completeness"),
            "share",
            hint=N_("Filled fields of those that a record must have; docs/audit.md lists them."),
        ),
        Column("complete", N_("Complete records"), "share", shown=False),
        Column("located", N_("Located"), "share", hint=N_("Cameras with a position.")),
        Column(
            "believed",
            N_("Position believed"),
            "share",
            hint=N_("Cameras with a position that no open finding doubts."),
        ),
        Column(
            "online",
            N_("Online rate"),
            "share",
            hint=N_("Mean over cameras of the share of time online, planned maintenance left out."),
        ),
        Column(
            "measured",
            N_("Measured share"),
            "share",
            hint=N_("Share of that time of which there is evidence at all."),
        ),
        Column(
            "normal",
            N_("Picture in order"),
            "share",
            hint=N_("Cameras whose picture was fit to use for more than half of their time online."),
        ),
        Column(
            "recorded",
            N_("Recorded"),
            "share",
            hint=N_(
                "Mean over cameras of the recorded share of the last 7 days, of the time that lists of "
                "recordings speak of; told in the present month alone."
            ),
        ),
        Column(
            "told",
            N_("With a recording list"),
            "integer",
            shown=False,
            hint=N_("Cameras whose recorded share is known."),
        ),
        Column(
            "lasting",
            N_("Kept long enough"),
            "share",
            hint=N_(
                "Cameras whose recordings are kept as long as they must be, of those whose lists tell that."
            ),
        ),
        Column("planned", N_("In maintenance"), "integer", hint=N_("Cameras left out for all of the time.")),
        Column("findings", N_("Open findings"), "integer"),
    ),
    source="""
        SELECT * FROM unnest(
            CAST(:ids AS text[]), CAST(:names AS text[]), CAST(:hrefs AS text[]), CAST(:cameras AS int[]),
            CAST(:filled AS float8[]), CAST(:complete AS float8[]), CAST(:located AS float8[]),
            CAST(:believed AS float8[]), CAST(:online AS float8[]), CAST(:measured AS float8[]),
            CAST(:normal AS float8[]), CAST(:recorded AS float8[]), CAST(:lasting AS float8[]),
            CAST(:told AS int[]), CAST(:planned AS int[]), CAST(:findings AS int[])
        ) AS made (id, name, href, cameras, filled, complete, located, believed, online, measured, normal,
                   recorded, lasting, told, planned, findings)""",
    default_sort="name",
    extra=("href",),
)

DAYS = TableSpec(
    name="days",
    columns=(
        Column("day", N_("Day"), "day"),
        Column("analysed", N_("Analysed"), "share", hint=N_("Share of the day that analyses cover.")),
        Column("cameras", N_("Cameras"), "integer", hint=N_("Those that an analysis of the day knows.")),
        *(one for one in RATES.columns if one.key in ("online", "measured", "normal", "planned")),
    ),
    source="""
        SELECT day::text AS id, day, analysed, cameras, online, measured, normal, planned FROM unnest(
            CAST(:day AS date[]), CAST(:analysed AS float8[]), CAST(:cameras AS int[]),
            CAST(:online AS float8[]), CAST(:measured AS float8[]), CAST(:normal AS float8[]),
            CAST(:planned AS int[])
        ) AS made (day, analysed, cameras, online, measured, normal, planned)""",
    default_sort="day",
)

PLACES = TableSpec(
    name="places_built",
    columns=(
        Column("kind", N_("Kind of place"), "choice", filter="choice", words=PLACE_KINDS),
        Column(
            "level",
            N_("Level of detail"),
            "choice",
            filter="choice",
            words={key: words for key, (words, _) in LEVELS.items()},
        ),
        Column("places", N_("To be covered"), "integer"),
        Column(
            "built",
            N_("Built"),
            "integer",
            hint=N_("Places that some camera, working or not, has in its view at this level."),
        ),
        Column("share", N_("Built of to be built"), "share"),
        Column("certain", N_("Certainly watched"), "share", hint=N_("Share of the analysed time.")),
        Column("possible", N_("Possibly watched"), "share"),
    ),
    source="""
        SELECT kind || '/' || array_position(CAST(:levels AS text[]), level) AS id, kind, level,
               sum(measure) AS places, sum(built) AS built,
               sum(built) / NULLIF(sum(measure), 0)::numeric AS share,
               sum(certain) / NULLIF(sum(total), 0)::numeric AS certain,
               sum(possible) / NULLIF(sum(total), 0)::numeric AS possible
        FROM coverage_share
        WHERE analysis_id = :analysis AND ground = 'place' AND level = ANY (CAST(:levels AS text[]))
          AND CASE WHEN :everywhere THEN nlevel(jurisdiction_path) = 1
                   ELSE jurisdiction_path = ANY (CAST(:paths AS ltree[])) END
        GROUP BY kind, level""",
    default_sort="kind",
)
