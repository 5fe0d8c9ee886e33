"""The list of proposals, and the cameras of one."""

from __future__ import annotations

from web.i18n import N_
from web.maps.words import LEVELS
from web.sitingtable import KINDS, SPOTS, STATUSES
from web.tabular import Column, TableSpec

# What of the gap before is closed at a covered weight.
_OF_GAP = "({} - p.before_mm) / NULLIF((p.totals ->> 'gap_mm')::float8, 0)"

PROPOSALS = TableSpec(
    name="siting",
    columns=(
        Column("created_at", N_("Created at"), "moment", filter="period"),
        Column("place", N_("Jurisdiction"), search=True),
        Column(
            "level",
            N_("Level of detail"),
            "choice",
            filter="choice",
            words={key: words for key, (words, _) in LEVELS.items()},
        ),
        Column("cameras", N_("Cameras"), "integer"),
        Column("closed", N_("Gap closed"), "share", hint=N_("Of what nobody certainly saw before.")),
        Column("most", N_("at most"), "share", hint=N_("No choice of as many cameras closes more.")),
        Column(
            "status",
            N_("Quality"),
            "choice",
            filter="choice",
            words=STATUSES,
            tones={"optimal": "good", "bounded": "info", "stopped": "warn"},
        ),
        Column("author", N_("Created by"), search=True),
    ),
    source=f"""
        SELECT p.id, p.created_at, p.level, p.status, p.author, p.jurisdiction_path AS path,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS place,
               (SELECT count(*) FROM siting_camera s WHERE s.proposal_id = p.id) AS cameras,
               {_OF_GAP.format("p.value_mm")} AS closed, {_OF_GAP.format("p.bound_mm")} AS most
        FROM siting_proposal p LEFT JOIN jurisdiction j ON j.path = p.jurisdiction_path""",
    default_sort="-created_at",
    link="/siting/{id}",
    path="path",
)

CAMERAS = TableSpec(
    name="siting_cameras",
    columns=(
        Column(
            "rank", N_("Rank"), "integer", hint=N_("1 gains most; each counts what it adds to those before.")
        ),
        Column("kind", N_("What"), "choice", filter="choice", words=KINDS),
        Column("camera_code", N_("Camera"), "code", search=True),
        Column("street", N_("Street name"), search=True),
        Column("azimuth_deg", N_("Direction"), "number", unit="°"),
        Column("street_m", N_("Street gained"), "length", filter="range"),
        Column("places", N_("Places gained"), "integer"),
        Column("closed", N_("Gap closed"), "share", hint=N_("By this one and those before it.")),
        Column("share", N_("Seen then"), "share", hint=N_("Share of the watched ground, places weighed.")),
        Column("spot", N_("Spot"), "choice", words=SPOTS),
        Column("azimuth_before_deg", N_("Direction so far"), "number", unit="°", digits=1),
        Column("leaf", N_("Jurisdiction"), search=True),
    ),
    source=f"""
        SELECT s.id, s.rank, s.kind, s.spot, s.camera_code, s.street, s.azimuth_deg, s.azimuth_before_deg,
               s.street_mm / 1000.0 AS street_m, s.places, s.share,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               {_OF_GAP.format("p.before_mm + sum(s.weight_mm) OVER (ORDER BY s.rank)")} AS closed,
               s.jurisdiction_path AS path, s.geom
        FROM siting_camera s JOIN siting_proposal p ON p.id = s.proposal_id
        LEFT JOIN jurisdiction j ON j.path = s.jurisdiction_path
        WHERE s.proposal_id = :proposal""",
    default_sort="rank",
    geometry="geom",
)
