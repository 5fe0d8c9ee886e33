"""Which part of the jurisdiction tree somebody may see: what every database session is opened with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

_PATH = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_EVERYTHING = "*"


@dataclass(frozen=True)
class Scope:
    """Subtrees of the jurisdiction tree, or the whole site; falsy when it is nothing at all.

    Made by `Scope.of`, or one of `WHOLE_SITE` and `NOWHERE`. The whole site is more than the subtree of its
    root: it holds the rows that lie in no jurisdiction too.

    Parameters
    ----------
    paths : tuple of str
        Jurisdiction paths, sorted, none below another; empty for the whole site and for nothing.
    everywhere : bool
        Whether it is the whole site.
    """

    paths: tuple[str, ...] = ()
    everywhere: bool = False

    def __post_init__(self) -> None:
        for path in self.paths:
            if not _PATH.fullmatch(path):
                raise ValueError(
                    f"{path!r} is no jurisdiction path: give labels of a-z, 0-9 and _ joined by dots"
                )
        if self.everywhere and self.paths:
            raise ValueError("the whole site has no paths beside it: use WHOLE_SITE")

    @classmethod
    def of(cls, paths: Iterable[str]) -> Scope:
        """The scope of these subtrees together; a path below another one adds nothing and is dropped.

        Parameters
        ----------
        paths : iterable of str
            Jurisdiction paths such as `hel.d1`; none gives `NOWHERE`.

        Raises
        ------
        ValueError
            When a path is not made of labels [a-z0-9_] joined by dots.

        Examples
        --------
        >>> Scope.of(["hel.d2.t1", "hel.d1", "hel.d1.t3"]).text
        'hel.d1,hel.d2.t1'
        """
        if isinstance(paths, str):
            raise TypeError(f"give a list of paths, not the one text {paths!r}")
        kept: list[str] = []
        # By labels: as plain text `a1` comes before `a.b`, and what is below `a` would not follow it.
        for path in sorted(set(paths), key=lambda each: each.split(".")):
            if not (kept and path.startswith(f"{kept[-1]}.")):
                kept.append(path)
        return cls(tuple(kept))

    @property
    def text(self) -> str:
        """What the database's row-level policies read: `*`, nothing, or paths joined by commas."""
        return _EVERYTHING if self.everywhere else ",".join(self.paths)

    def covers(self, path: str | None) -> bool:
        """Whether a row of this jurisdiction is inside; a row of none is inside the whole site alone."""
        if self.everywhere:
            return True
        return path is not None and any(path == own or path.startswith(f"{own}.") for own in self.paths)

    def both(self, other: Scope) -> Scope:
        """What lies in this scope and in another one.

        Examples
        --------
        >>> Scope.of(["hel.d1", "hel.d2.t1"]).both(Scope.of(["hel.d1.t3", "hel.d2"])).text
        'hel.d1.t3,hel.d2.t1'
        """
        if self.everywhere or other.everywhere:
            return other if self.everywhere else self
        inside = [path for path in self.paths if other.covers(path)]
        return Scope.of(inside + [path for path in other.paths if self.covers(path)])

    @property
    def root(self) -> str | None:
        """The deepest jurisdiction that holds all of it; None for the whole site, and where there is none.

        Examples
        --------
        >>> Scope.of(["hel.d1.t1", "hel.d1.t2.v4"]).root
        'hel.d1'
        """
        columns = zip(*(path.split(".") for path in self.paths), strict=False)
        return ".".join(labels[0] for labels in takewhile(lambda each: len(set(each)) == 1, columns)) or None

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.paths)


WHOLE_SITE = Scope(everywhere=True)
NOWHERE = Scope()
