"""The blueprint that all views of the map hang on."""

from flask import Blueprint

bp = Blueprint("map", __name__)
