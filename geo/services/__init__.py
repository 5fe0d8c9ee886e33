"""Use cases of places: open a site, take in an extract, give rows their jurisdiction."""

from geo.services.places import (
    SCOPED_TABLES,
    import_places,
    jurisdiction_path,
    refresh_scopes,
    store_extract,
    store_jurisdictions,
)
from geo.services.site import DEFAULT_TIMEZONE, credit_osm, current_site, open_site, site_crs
from geo.services.sources import (
    NAMED_KEYS,
    ImportReport,
    Source,
    add_source,
    change_row_count,
    file_sha256,
    refuse_outside,
    refuse_stored,
    refuse_twice,
    rows_outside,
)

__all__ = [
    "DEFAULT_TIMEZONE",
    "NAMED_KEYS",
    "SCOPED_TABLES",
    "ImportReport",
    "Source",
    "add_source",
    "change_row_count",
    "credit_osm",
    "current_site",
    "file_sha256",
    "import_places",
    "jurisdiction_path",
    "open_site",
    "refresh_scopes",
    "refuse_outside",
    "refuse_stored",
    "refuse_twice",
    "rows_outside",
    "site_crs",
    "store_extract",
    "store_jurisdictions",
]
