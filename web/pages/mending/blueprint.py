"""The blueprint of the mending pages, apart so that its modules may import it."""

from flask import Blueprint

bp = Blueprint("mending", __name__, url_prefix="/changes")
