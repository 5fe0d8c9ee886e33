"""`lianfang cameras thresholds` and `lianfang cameras learn`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from cameras.diagnosis import OWN_THRESHOLDS
from cameras.repository import thresholds as store
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.cli.common import author, command_options
from web.database import open_database
from web.progress import Steps
from web.settings import analysis_settings, current


class _Given(click.ParamType):
    """NAME=VALUE."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        name, _, number = str(value).partition("=")
        try:
            return name, float(number)
        except ValueError:
            self.fail(f"{value!r} is no name and number; write for example dark_luma=12", param, ctx)


@click.command("thresholds")
@click.argument("camera")
@click.option("--set", "given", type=_Given(), multiple=True, help="For example dark_luma=12.")
@click.option(
    "--unset",
    "taken",
    type=click.Choice(list(OWN_THRESHOLDS)),
    multiple=True,
    help="Let what was learnt, or the site's, count again.",
)
@command_options
def thresholds(camera: str, given: tuple[tuple[str, float], ...], taken: tuple[str, ...]) -> dict[str, Any]:
    """Tell, or set by hand, from when on pictures of one CAMERA (code) cannot be used.

    What is set by hand counts before what was learnt from the camera's own normal
    days, and that before the site's settings (docs/diagnosis.md).

    Example: lianfang cameras thresholds 44051300001310000003 --set tinted_cast=60
    """
    from cameras.services.thresholds import set_thresholds, thresholds_of

    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        site = analysis_settings(current(session)).thresholds
        rows = store.thresholds(session, [camera])
        by_hand = rows[rows["origin"] == store.SET]
        before = dict(zip(by_hand["name"], by_hand["value"].astype(float), strict=True))
        after = {name: value for name, value in (before | dict(given)).items() if name not in taken}
        # Without a change too: it says whether the camera is known.
        set_thresholds(session, camera, after, site, author=author(), now=datetime.now(UTC))
        counts = thresholds_of(session, camera, site)
    found = {
        name: {
            "counts": getattr(counts, name),
            "site": getattr(site, name),
            **({"set": after[name]} if name in after else {}),
        }
        for name in OWN_THRESHOLDS
    }
    for name, one in found.items():
        differs = "" if one["counts"] == one["site"] else f" (site: {one['site']:g})"
        click.echo(f"{name:18} {one['counts']:g}{differs}", err=True)
    return {"camera": camera, "thresholds": found}


@click.command("learn")
@click.option("--forget", is_flag=True, help="Take out what was learnt instead.")
@command_options
def learn(forget: bool) -> dict[str, Any]:
    """Learn stricter thresholds of cameras from their own normal days.

    The last 30 days are read; a camera needs 7 normal ones of the same view. What
    was learnt before goes; what was set by hand stays, and counts before it.

    Example: lianfang cameras learn
    """
    from cameras.services.thresholds import learn_thresholds

    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        if forget:
            gone = store.forget_learnt(session)
            click.echo(f"{gone} learnt thresholds were taken out.", err=True)
            return {"forgotten": gone}
        steps = Steps()
        with steps.step("learn", "Reading the days of each camera"):
            found = learn_thresholds(
                session,
                analysis_settings(current(session)).thresholds,
                author=author(),
                now=datetime.now(UTC),
            )
    click.echo(f"{len(found)} thresholds of {found['code'].nunique()} cameras were learnt.", err=True)
    return {"thresholds": len(found), "cameras": int(found["code"].nunique())}
