"""Zones checked: `lianfang patrols zones`."""

from __future__ import annotations

from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from patrols.services.zone_checks import check_zones
from web.cli.common import command_options
from web.database import open_database


@click.command("zones")
@click.option("--zone", "zones", multiple=True, help="Code of a zone; may be given again [default: all].")
@command_options
def zones(zones: tuple[str, ...]) -> dict[str, Any]:
    """Say whether zones hold together: villages adjoin, streets connect, teams are there and reach them.

    Nothing is changed, and nothing that is found keeps a shift from being planned.

    Example: lianfang patrols zones --zone hel-centre
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        found = check_zones(session, zones or None)
    told: dict[str, list[dict[str, Any]]] = {}
    for code, findings in found.items():
        for one in findings:
            where = "" if one.point is None else f" ({one.point.x:.5f}, {one.point.y:.5f})"
            click.echo(f"zone '{code}': {one.told}{where}", err=True)
        if not findings:
            click.echo(f"zone '{code}': nothing was found.", err=True)
        told[code] = [
            {
                "kind": one.kind,
                "told": str(one.told),
                "lon": None if one.point is None else one.point.x,
                "lat": None if one.point is None else one.point.y,
            }
            for one in findings
        ]
    return {"zones": told}
