"""A report on paper: its page, on A4 across."""

from __future__ import annotations

from web.paper import paper
from web.report.content import Document
from web.report.page import report_markup

STYLE = "report_paper.css"


def report_paper(document: Document) -> bytes:
    """The report as a PDF: the same for the same document, byte for byte.

    Raises
    ------
    LianfangError
        When no Chinese font or no library that sets text is installed.
    """
    return paper(report_markup(document, (STYLE,)))
