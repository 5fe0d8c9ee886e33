"""The blueprint that the pages of a plan's papers and check-ins share."""

from __future__ import annotations

from flask import Blueprint, abort, request

from web.duty.content import Duty, Team
from web.requests import server

bp = Blueprint("duty", __name__, url_prefix="/plans")


def home() -> str:
    """The address people come in by: the public one, else the one this was asked by."""
    return server().public_url or request.url_root


def team_of(duty: Duty, number: int) -> Team:
    """A team of a plan by its number; 404 where there is none."""
    found = duty.team(number)
    if found is None:
        abort(404)
    return found
