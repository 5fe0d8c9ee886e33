"""Pages on paper, laid out by WeasyPrint: text that is text, in fonts that are inside."""

from __future__ import annotations

from types import ModuleType

from geo.errors import LianfangError, Sentence
from web.fonts import font_path


def paper(*markups: str) -> bytes:
    """A page as a PDF, or several in one, each numbered by itself: the same for the same, byte for byte.

    Raises
    ------
    LianfangError
        When no Chinese font or no library that sets text is installed.
    """
    # Where it is missing, Chinese would be empty boxes.
    font_path()
    weasyprint = _weasyprint()
    # Pictures are inside; nothing is read from the network or from a file, whatever a name may hold.
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    parts = [weasyprint.HTML(string=markup, url_fetcher=fetcher).render() for markup in markups]
    made: bytes = parts[0].copy([page for part in parts for page in part.pages]).write_pdf()
    return made


def _weasyprint() -> ModuleType:
    """Imported when a paper is asked for: it takes time, and libraries that all other work does without."""
    try:
        import weasyprint
    except OSError as error:
        raise LianfangError(
            Sentence(
                "the PDF cannot be made without the library Pango; install the packages %(packages)s",
                packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
            )
        ) from error
    module: ModuleType = weasyprint
    return module
