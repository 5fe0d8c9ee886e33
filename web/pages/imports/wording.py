"""What the fields of imported files and their datums are called."""

from __future__ import annotations

from cameras.fields import FURTHER_FIELDS
from web.i18n import N_

FIELDS = {
    **{one.name: str(one.label) for one in FURTHER_FIELDS},
    "code": N_("Code"),
    "name": N_("Name"),
    "name_en": N_("English name"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
    "direction": N_("Direction"),
    "tilt_deg": N_("Tilt, degrees down"),
    "hfov_deg": N_("Horizontal field of view, degrees"),
    "vfov_deg": N_("Vertical field of view, degrees"),
    "resolution": N_("Resolution"),
    "width_px": N_("Width, pixels"),
    "height_px": N_("Height, pixels"),
    "mount_height_m": N_("Mounting height, metres"),
    "ptz": N_("Turns (PTZ)"),
    "type": N_("Type"),
    "parent_code": N_("Code of its recorder"),
    "path": N_("Path"),
    "parent": N_("Code of the jurisdiction above"),
    "origin": N_("Origin"),
    "geometry": N_("Shape (WKT)"),
    "key": N_("Key"),
    "kind": N_("Kind"),
    "height_m": N_("Height, metres"),
    "members": N_("Villages"),
    "separation_min": N_("Time between visits, minutes"),
    "max_idle_min": N_("Longest time without a visit, minutes"),
    "village": N_("Village"),
    "mode": N_("Way of moving"),
    "size": N_("People"),
    "start": N_("On duty from"),
    "end": N_("On duty until"),
}
# The same fields by the names they have in files, as the readers' sentences say them.
FIELD_NAMES = (
    N_("code"),
    N_("name"),
    N_("name_en"),
    N_("lon"),
    N_("lat"),
    N_("direction"),
    N_("tilt_deg"),
    N_("hfov_deg"),
    N_("vfov_deg"),
    N_("resolution"),
    N_("width_px"),
    N_("height_px"),
    N_("mount_height_m"),
    N_("ptz"),
    N_("type"),
    N_("parent_code"),
    N_("parent"),
    N_("origin"),
    N_("geometry"),
    N_("key"),
    N_("kind"),
    N_("height_m"),
    N_("members"),
    N_("separation_min"),
    N_("max_idle_min"),
    N_("village"),
    N_("mode"),
    N_("size"),
    N_("start"),
    N_("end"),
    N_("separation_s"),
)
DATUM_WORDS = {
    "wgs84": N_("WGS 84 (GPS receivers, OpenStreetMap)"),
    "cgcs2000": N_("CGCS2000 (Chinese surveying and official maps)"),
    "gcj02": N_("GCJ-02 (AMap, Tencent and most Chinese apps)"),
    "bd09": N_("BD-09 (Baidu)"),
}
DATUM_NAMES = {"wgs84": "WGS 84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}
LABELS = {"real": N_("real"), "derived": N_("derived"), "synthetic": N_("synthetic")}
