"""The forms a report leaves the house in."""

from __future__ import annotations

from web.i18n import Translator
from web.report.content import Document
from web.report.page import report_file
from web.report.paper import report_paper
from web.report.workbook import workbook

MIMETYPES = {
    "html": "text/html",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def report_bytes(document: Document, form: str, t: Translator) -> bytes:
    """The report in one of `MIMETYPES`."""
    if form == "pdf":
        return report_paper(document)
    return workbook(document, t) if form == "xlsx" else report_file(document)
