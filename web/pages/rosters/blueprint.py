"""The blueprint of rosters."""

from flask import Blueprint

bp = Blueprint("rosters", __name__, url_prefix="/rosters")
