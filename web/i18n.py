"""The two languages: catalogues, negotiation, and numbers and times as they are read aloud.

A `Translator` needs no request, so a map written to a file speaks the same words as the page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Request, has_request_context, request
from flask_babel import Babel, gettext

from geo.errors import LianfangError, said

LANGUAGES = ("zh", "en")
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
COOKIE = "lianfang_lang"
CATALOGUES = Path(__file__).parent / "translations"


def N_(message: str) -> str:
    """Mark a text for the catalogues where it is declared; it is translated where it is shown."""
    return message


def compile_catalogues(root: Path = CATALOGUES) -> list[Path]:
    """Write the .mo file beside every .po file and say which were written.

    What ``pybabel compile -d web/translations`` does at set-up, for callers that are Python already.
    """
    written = []
    for po in sorted(root.glob("*/LC_MESSAGES/messages.po")):
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        mo = po.with_suffix(".mo")
        with mo.open("wb") as target:
            write_mo(target, catalogue)
        written.append(mo)
    return written


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> GNUTranslations:
    """The compiled texts of a language; refused with the remedy when they are not compiled."""
    if lang not in LANGUAGES:
        raise ValueError(f"language {lang!r} is not one of {', '.join(LANGUAGES)}")
    mo = CATALOGUES / lang / "LC_MESSAGES" / "messages.mo"
    if not mo.exists():
        # In English whatever is asked for: there is nothing to say it with.
        raise LianfangError(
            f"the texts in {LANGUAGE_NAMES[lang]} are not compiled: run pybabel compile -d {CATALOGUES}"
        )
    with mo.open("rb") as source:
        return GNUTranslations(source)


@dataclass(frozen=True)
class Translator:
    """Texts, numbers and times of one language in one time zone.

    Parameters
    ----------
    lang : str
        One of `LANGUAGES`.
    zone : ZoneInfo
        In which every time is shown.
    """

    lang: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))

    def __call__(self, message: str, **values: Any) -> str:
        """The text in this language, with %(name)s filled in."""
        text = catalogue(self.lang).gettext(message) if message else ""
        return text % values if values else text

    def plural(self, one: str, many: str, n: int, **values: Any) -> str:
        """The text for n things; %(n)s is n with its thousands marked."""
        text = catalogue(self.lang).ngettext(one, many, n)
        return text % {"n": self.number(n), **values}

    def number(self, value: float, digits: int = 0) -> str:
        """A number with thousands marked and at most `digits` decimals, as both languages write it."""
        text = f"{value:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def share(self, share: float) -> str:
        """A share 0–1 as per cent: two figures where they say something.

        Never 0 % for what is not 0, nor 100 % for what is less than all.
        """
        if share != share:
            return "–"
        percent = 100 * share
        if 0 < percent < 0.1:
            return "< 0.1 %"
        if 99 < percent < 100:
            # Rounded down, and never up to all.
            return "> 99.9 %" if percent > 99.9 else f"{self.number(math.floor(10 * percent) / 10, 1)} %"
        return f"{self.number(percent, 0 if percent >= 10 else 1)} %"

    def length(self, metres: float) -> str:
        """A length in m, from 1 km on in km."""
        if round(metres) >= 1000:
            return self(N_("%(n)s km"), n=self.number(metres / 1000, 1 if metres < 100_000 else 0))
        return self(N_("%(n)s m"), n=self.number(metres))

    def duration(self, minutes: float) -> str:
        """Minutes as hours and minutes."""
        whole = round(minutes)
        if whole < 1:
            return self(N_("under 1 min"))
        hours, rest = divmod(whole, 60)
        if not hours:
            return self(N_("%(minutes)s min"), minutes=rest)
        if not rest:
            return self(N_("%(hours)s h"), hours=self.number(hours))
        return self(N_("%(hours)s h %(minutes)s min"), hours=self.number(hours), minutes=rest)

    def moment(self, when: datetime) -> str:
        """Date and time in the site's zone."""
        return f"{when.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def clock(self, when: datetime) -> str:
        """Time of day in the site's zone."""
        return f"{when.astimezone(self.zone):%H:%M}"

    def span(self, start: datetime, end: datetime) -> str:
        """A half-open period; the end of a day is written 24:00 of that day, the date only once."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        to = f"{last:%H:%M}"
        day = last.date()
        if last.hour == last.minute == 0 and last > first:
            to, day = "24:00", day.fromordinal(day.toordinal() - 1)
        if day != first.date():
            to = f"{day:%Y-%m-%d} {to}"
        return f"{first:%Y-%m-%d %H:%M} – {to}"

    def joined(self, parts: Sequence[str]) -> str:
        """A list of things in one line."""
        return ("、" if self.lang == "zh" else ", ").join(parts)


def negotiated(req: Request) -> str:
    """The language of a request: ``?lang=``, else the cookie, else the browser's, else Chinese."""
    for asked in (req.args.get("lang"), req.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return str(asked)
    return req.accept_languages.best_match(LANGUAGES, default="zh") or "zh"


def init_app(app: Flask) -> None:
    """Give an app's templates their texts through Flask-Babel, in the negotiated language."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(CATALOGUES))
    Babel(app, locale_selector=lambda: negotiated(request) if has_request_context() else "zh")
    app.add_template_filter(lambda told: said(told, gettext), "said")
