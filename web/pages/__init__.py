"""All pages, one module (or folder) a subject; the app registers what stands in `BLUEPRINTS`."""

from flask import Blueprint

from web.basemap import serving as basemap
from web.pages import health, home, jurisdictions, narrow, signing

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.bp,
    basemap.bp,
    signing.bp,
    home.bp,
    jurisdictions.bp,
    narrow.bp,
)
