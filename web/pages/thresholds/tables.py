"""The list of what differs from the site."""

from __future__ import annotations

from web.i18n import N_
from web.settings import BY_NAME
from web.tabular import Column, TableSpec

# Settings of the site by the name of the threshold: `diagnosis.` before it.
GROUP = "diagnosis"
NAMES = (
    "dark_luma",
    "bright_luma",
    "flat_contrast",
    "blurred_sharpness",
    "frozen_similarity",
    "noisy_noise",
    "tinted_cast",
    "shifted_shift",
)
SPECS = {name: BY_NAME[f"{GROUP}.{name}"] for name in NAMES}
ORIGINS = {"set": N_("set by hand"), "learnt": N_("learnt")}

THRESHOLDS = TableSpec(
    name="thresholds",
    columns=(
        Column("code", N_("Camera"), "code", search=True),
        Column("camera", N_("Name"), search=True),
        Column(
            "name",
            N_("Threshold"),
            "choice",
            filter="choice",
            words={name: spec.title for name, spec in SPECS.items()},
        ),
        Column("value", N_("Value"), "number", digits=3),
        Column("site", N_("Site"), "number", digits=3, hint=N_("What counts for cameras without their own.")),
        Column("origin", N_("Set or learnt"), "choice", filter="choice", words=ORIGINS),
        Column("days", N_("Learnt from days"), "integer"),
        Column("changed_at", N_("Changed"), "moment"),
        Column("author", N_("Who changed it"), search=True),
    ),
    source="""SELECT t.id, t.code, c.name AS camera, t.name, t.value, s.value::float8 AS site, t.origin,
                     t.days, t.changed_at, t.author
              FROM camera_threshold t
              JOIN camera c ON c.code = t.code AND upper_inf(c.valid)
                AND (t.camera_id IS NULL OR t.camera_id = c.id)
              JOIN jsonb_each_text(CAST(:site AS jsonb)) AS s ON s.key = t.name""",
    default_sort="code",
    link="/thresholds/{code}",
)
