"""A report as markup: the map as an address that holds it, and the whole as one file."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from web.maps.offline import style_text
from web.maps.page import FILE_POLICY, environment
from web.report.content import Document

STYLES = ("site.css", "look/pieces.css", "look/drawings.css", "report.css")


def picture_address(document: Document) -> str:
    """The map as a `data:` address; empty without one."""
    if not document.picture:
        return ""
    return f"data:image/png;base64,{base64.b64encode(document.picture).decode('ascii')}"


def report_markup(document: Document, styles: Sequence[str]) -> str:
    """The report as one page with these style sheets, which asks for nothing else and runs no script."""
    return (
        environment(document.lang)
        .get_template("reports/file.html")
        .render(
            lang=document.lang,
            policy=FILE_POLICY,
            styles=[{"text": style_text(name)} for name in styles],
            scripts=[],
            document=document,
            picture=picture_address(document),
        )
    )


def report_file(document: Document) -> bytes:
    """The report as a file for a browser."""
    return report_markup(document, STYLES).encode("utf-8")
