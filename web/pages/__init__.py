"""All pages, one module (or folder) a subject; the app registers what stands in `BLUEPRINTS`."""

from flask import Blueprint

from web import api, tiles
from web.basemap import serving as basemap
from web.pages import (
    accounts,
    analyses,
    audit,
    cameras,
    gaps,
    growing,
    health,
    help,
    home,
    imports,
    jobs,
    jurisdictions,
    map,
    narrow,
    plans,
    profile,
    settings,
    signing,
    start,
    tokens,
    trial,
    zones,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.bp,
    basemap.bp,
    tiles.bp,
    api.bp,
    signing.bp,
    home.bp,
    growing.bp,
    cameras.bp,
    gaps.bp,
    analyses.bp,
    zones.bp,
    plans.bp,
    trial.bp,
    jurisdictions.bp,
    jobs.bp,
    imports.bp,
    map.bp,
    narrow.bp,
    accounts.bp,
    profile.bp,
    tokens.bp,
    settings.bp,
    audit.bp,
    help.bp,
    start.bp,
)
