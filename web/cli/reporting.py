"""`lianfang report`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE, Scope
from geo.services import current_site, jurisdiction_path
from web.cli.common import author, command_options
from web.database import open_database
from web.exports import check_ending, complete
from web.i18n import LANGUAGES, Translator


@click.group("report")
def report() -> None:
    """Reports for people."""


@report.command("week")
@click.option("--monday", help="First day of the week, such as 2026-11-16 [default: the last whole week].")
@click.option("--jurisdiction", help="Code or path [default: the whole site].")
@click.option(
    "--to",
    "--out",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    help="Write to .html, .pdf or .xlsx.",
)
@click.option("--language", "--lang", "lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@command_options
def week(monday: str | None, jurisdiction: str | None, out: Path, lang: str) -> dict[str, Any]:
    """Write the report of a week, Monday to Sunday, over the analyses that cover it.

    Example: lianfang report week --monday 2026-11-16 --to week.pdf --language en
    """
    from cameras.services.weekly import week_report
    from cameras.weekly import last_whole_week, parsed_monday, week_from
    from web.narrowing import named
    from web.report.files import MIMETYPES, report_bytes
    from web.report.making import week_document

    form = out.suffix.lower().removeprefix(".")
    check_ending(out, tuple(f".{one}" for one in MIMETYPES))
    now = datetime.now(UTC)
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone = ZoneInfo(current_site(session).timezone)
        asked = week_from(parsed_monday(monday), zone) if monday else last_whole_week(now, zone)
        path = jurisdiction_path(session, jurisdiction) if jurisdiction else None
        area = WHOLE_SITE if path is None else Scope.of([path])
        found = week_report(session, asked, area, now=now, cameras=session)
        if found is None:
            raise LianfangError(
                f"no analysis covers any of the week from {asked.monday}; "
                "run `lianfang gaps find` for its days first"
            )
        t = Translator(lang, zone)
        name = "" if path is None else named(session, [path], lang)[path]
        made = week_document(session, found, t, who=author(), area=name, whole=form == "xlsx")
        content = report_bytes(made, form, t)
    with complete(out) as unfinished:
        unfinished.write_bytes(content)
    click.echo(f"Wrote {out} ({len(content) / 1e6:.1f} MB).", err=True)
    return {
        "out": str(out),
        "bytes": len(content),
        "monday": asked.monday.isoformat(),
        "analysed": round(found.spent.analysed, 4),
        "analyses": [one.id for one in found.spent.analyses],
        "gaps": {str(key): int(n) for key, n in found.spent.things["list"].value_counts().items()},
    }
