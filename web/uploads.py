"""How large a request may be: small, except at the addresses where files are handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

LARGEST_FORM = 1024**2
"""Bytes of a request that hands in no file."""

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "__largest_files__"


def takes_files(largest: int) -> Callable[[View], View]:
    """Declare that a view takes files; stands below the route's decorator.

    Parameters
    ----------
    largest : int
        Bytes of all its files; the form around them may have `LARGEST_FORM` more.
    """

    def declared(view: View) -> View:
        setattr(view, _ATTRIBUTE, largest)
        return view

    return declared


def largest_request(app: Flask, endpoint: str) -> int:
    """How many bytes a request to an endpoint may have."""
    return LARGEST_FORM + int(getattr(app.view_functions[endpoint], _ATTRIBUTE, 0))
