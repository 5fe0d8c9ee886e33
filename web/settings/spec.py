"""What one setting is: its kind, default, limits and words, and how a value is read and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from geo.errors import InputRefused, Sentence
from web.basemap.address import checked_url
from web.i18n import N_
from web.refusals import Refused
from web.typed import number_typed

Value = str | int | float
Kind = Literal["whole", "number", "share", "choice", "text", "address"]

LONGEST_TEXT = 200


@dataclass(frozen=True)
class Spec:
    """One setting.

    Parameters
    ----------
    name : str
        Group and name with a dot between.
    kind : str
        ``whole`` number, ``number``, ``share`` (0-1, typed and shown as per cent), ``choice`` of `words`,
        ``text``, ``address`` of a map server.
    default : str, int or float
    title, help : str
        Marked with `N_`.
    low, high : float
        Both allowed.
    unit : str
    words : mapping
        Of a choice: key → words marked with `N_`.
    """

    name: str
    kind: Kind
    default: Value
    title: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Where it stands."""
        return self.name.partition(".")[0]

    def checked(self, value: object) -> Value:
        """The value, of the right type and within the limits.

        Raises
        ------
        Refused
        """
        if self.kind == "choice":
            if value not in self.words:
                raise Refused(N_("%(what)s: “%(value)s” is none of the choices."), **self._told(value))
        elif self.kind in ("text", "address"):
            self._check_text(value)
        else:
            return self._checked_number(value)
        return str(value)

    def parsed(self, typed: str) -> Value:
        """The value that somebody typed; shares are typed as per cent.

        Raises
        ------
        Refused
        """
        typed = typed.strip()
        if self.kind in ("choice", "text", "address"):
            return self.checked(typed)
        try:
            number = number_typed(typed)
        except ValueError:
            raise Refused(N_("%(what)s: “%(value)s” is not a number."), **self._told(typed)) from None
        # Six decimals are what coverage takes (`cameras.coverage`).
        return self.checked(round(number / 100, 6) if self.kind == "share" else number)

    def typed(self, value: Value) -> str:
        """A value as it stands in a form."""
        if isinstance(value, str):
            return value
        if self.kind == "whole" and math.isfinite(value):
            return str(int(value))
        return f"{100 * value if self.kind == 'share' else value:.6g}"

    @property
    def limits(self) -> tuple[str, str]:
        """The limits as they are typed."""
        return self.typed(self.low), self.typed(self.high)

    def _checked_number(self, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Refused(N_("%(what)s: “%(value)s” is not a number."), **self._told(value))
        if self.kind == "whole" and value != int(value):
            raise Refused(N_("%(what)s: %(value)s is not a whole number."), **self._told(value))
        if not self.low <= value <= self.high:
            low, high = self.limits
            raise Refused(
                N_("%(what)s: %(value)s %(unit)s is outside %(low)s to %(high)s."),
                what=Sentence(self.title),
                value=self.typed(value),
                unit=Sentence(self.unit) or ("%" if self.kind == "share" else ""),
                low=low,
                high=high,
            )
        return int(value) if self.kind == "whole" else float(value)

    def _check_text(self, value: object) -> None:
        if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
            raise Refused(
                N_("%(what)s: give a text of at most %(most)s characters in one line."),
                what=Sentence(self.title),
                most=LONGEST_TEXT,
            )
        if self.kind == "address" and value:
            try:
                checked_url(value)
            except InputRefused as refused:
                raise Refused(
                    N_(
                        "%(what)s: “%(value)s” is no address of a map; write "
                        "http://host/path/{z}/{x}/{y}.png, or an address that ends in .pmtiles."
                    ),
                    **self._told(value),
                ) from refused

    def _told(self, value: object) -> dict[str, object]:
        return {"what": Sentence(self.title), "value": str(value)[:60]}
