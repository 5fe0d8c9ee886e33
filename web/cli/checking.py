"""`lianfang cameras audit`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from cameras.audit import KINDS
from cameras.repository import audits
from cameras.services.auditing import audit_cameras
from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site, jurisdiction_path
from web.audittable import finding_table, printed_findings
from web.cli.common import author, command_options
from web.database import open_database
from web.exports import REPORTS, check_ending, write_report
from web.i18n import Translator
from web.progress import Steps
from web.settings import audit_settings, current


@click.command("audit")
@click.option("--jurisdiction", help="Code or path; its findings alone are brought up to date and told.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write to .geojson, .gpkg, .csv, .xlsx or .html."
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@command_options
def audit(jurisdiction: str | None, out: Path | None, lang: str) -> dict[str, Any]:
    """Hold every camera record against codes, map, optics, other records and frames.

    \b
    Columns written: id, kind, title, severity (serious, moderate, minor), state
    (open, accepted, assigned), code, name, value, evidence, remedy, unit,
    order_no, jurisdiction, path, file_name, due_on, found_at, position; in .html,
    which is for people, in words.

    Example: lianfang cameras audit --jurisdiction 440513 --out findings.xlsx
    """
    if out:
        check_ending(out, REPORTS)
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            within = jurisdiction_path(session, jurisdiction) if jurisdiction else None
        with (
            steps.step("audit", "Auditing cameras") as update,
            transaction(engine, scope=WHOLE_SITE) as session,
        ):
            told = audit_cameras(
                session,
                now=datetime.now(UTC),
                author=author(),
                within=within,
                settings=audit_settings(current(session)),
                progress=update,
            )
        if out:
            with transaction(engine, scope=WHOLE_SITE) as session:
                found = audits.listed(session, within)
                t = Translator(lang, ZoneInfo(current_site(session).timezone))
            made = (printed_findings if out.suffix.lower() == ".html" else finding_table)(found, t)
            write_report(made, out, layer="findings", title=t("Camera audit"), lang=lang)
    for kind in KINDS:
        if kind in told.by_kind:
            click.echo(f"{told.by_kind[kind]:6d} {kind}", err=True)
    click.echo(
        f"{told.found} findings on {told.cameras} cameras: {told.opened} new, {told.returned} back, "
        f"{told.gone} gone.",
        err=True,
    )
    if told.not_checked:
        click.echo(f"Not checked, for want of data: {', '.join(told.not_checked)}.", err=True)
    return {
        "audit": told.audit,
        "jurisdiction": within,
        "cameras": told.cameras,
        "findings": told.found,
        "by_kind": told.by_kind,
        "opened": told.opened,
        "returned": told.returned,
        "gone": told.gone,
        "not_checked": list(told.not_checked),
        "out": str(out) if out else None,
    }
