"""All pages, one module (or folder) a subject; the app registers what stands in `BLUEPRINTS`."""

from flask import Blueprint

from web.pages import health, home, signing

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.bp,
    signing.bp,
    home.bp,
)
