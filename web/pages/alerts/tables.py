"""The list of alerts."""

from __future__ import annotations

from cameras.alerts import PASSING
from cameras.repository.alerts import STATE
from web.i18n import N_
from web.maps.words import CAUSES
from web.tabular import Column, TableSpec

STATES = {
    "new": N_("new"),
    "acknowledged": N_("acknowledged"),
    "planned": N_("under maintenance"),
    "ended": N_("ended"),
}
STATE_TONES = {"new": "bad", "acknowledged": "info", "planned": "quiet", "ended": "good"}
ENDINGS = {
    "watched": N_("the ground is watched again"),
    "usual": N_("still open, but at this hour it usually is"),
    "maintenance": N_("its cameras are under registered maintenance now, or no longer"),
    "joined": N_("its ground is a part of another alert now"),
    "unjudged": N_("too few days are known of this hour"),
}

ALERTS = TableSpec(
    name="alerts",
    columns=(
        Column("state", N_("State"), "choice", filter="choice", words=STATES, tones=STATE_TONES),
        Column("what", N_("Camera or recorder"), search=True),
        Column(
            "cause",
            N_("Cause"),
            "choice",
            filter="choice",
            words={name: CAUSES[name].name for name in PASSING},
            colours={name: CAUSES[name].colour for name in PASSING},
        ),
        Column("leaf", N_("Jurisdiction"), search=True),
        Column("street_m", N_("Street"), "length", filter="range"),
        Column("places", N_("Places"), "integer"),
        Column("since_at", N_("Lost since"), "moment"),
        Column("first_seen_at", N_("Told at"), "moment", filter="period"),
        Column("ended_at", N_("Ended at"), "moment"),
        Column(
            "usual",
            N_("Usually watched"),
            "share",
            hint=N_("On how many of the days before it was watched at this hour."),
        ),
        Column("cameras", N_("Cameras concerned"), "integer", filter="range"),
        Column("ended_how", N_("Ended because"), "choice", words=ENDINGS, shown=False),
        Column("last_seen_at", N_("Last found at"), "moment", shown=False),
        Column("acknowledged_at", N_("Acknowledged at"), "moment", shown=False),
        Column("acknowledged_by", N_("Acknowledged by"), search=True, shown=False),
        Column("note", N_("Note"), search=True, shown=False),
    ),
    source=f"""
        SELECT a.id, -a.id AS newest, {STATE} AS state,
               COALESCE(NULLIF(a.common, ''),
                        (SELECT min(COALESCE(NULLIF(c.name, ''), c.code)) FROM alert_camera ac
                         JOIN camera c ON c.id = ac.camera_id WHERE ac.alert_id = a.id)) AS what,
               a.cause, CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               NULLIF(a.street_mm, 0) / 1000.0 AS street_m, NULLIF(a.places, 0) AS places,
               (SELECT count(*) FROM alert_camera ac WHERE ac.alert_id = a.id) AS cameras,
               1.0 - a.open_days::float8 / a.days AS usual, a.since_at, a.first_seen_at, a.ended_at,
               a.ended_how, a.last_seen_at, a.acknowledged_at, a.acknowledged_by, a.note,
               a.jurisdiction_path AS path, a.geom
        FROM alert a LEFT JOIN jurisdiction j ON j.path = a.jurisdiction_path""",
    default_sort="state",
    # Of one state the newest first.
    id="newest",
    link="/alerts/{id}",
    path="path",
    geometry="geom",
)
