"""All pages, one module (or folder) a subject; the app registers what stands in `BLUEPRINTS`."""

from flask import Blueprint

from web.basemap import serving as basemap
from web.pages import analyses, cameras, gaps, health, home, jobs, jurisdictions, map, narrow, signing

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.bp,
    basemap.bp,
    signing.bp,
    home.bp,
    cameras.bp,
    gaps.bp,
    analyses.bp,
    jurisdictions.bp,
    jobs.bp,
    map.bp,
    narrow.bp,
)
