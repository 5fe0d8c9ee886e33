"""Whether the server lives (``/healthz``), can work (``/readyz``), and how it does (``/metrics``)."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from web.access import PUBLIC, needs
from web.hosts import from_this_machine
from web.requests import server

log = structlog.get_logger("lianfang.web")
bp = Blueprint("health", __name__)


@bp.get("/healthz")
@needs(PUBLIC)
def healthz() -> Response:
    """That the process answers; asks nothing else."""
    return jsonify(status="up")


@bp.get("/readyz")
@needs(PUBLIC)
def readyz() -> tuple[Response, int]:
    """That the database answers, and at which revision it is."""
    try:
        with server().engine.connect() as connection:
            schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except Exception as error:
        # Whatever the reason, the answer is the same: not ready. The reason goes to the log.
        log.warning("not ready", reason=str(error))
        return jsonify(status="unavailable"), 503
    return jsonify(status="ready", schema=schema), 200


@bp.get("/metrics")
@needs(PUBLIC)
def metrics() -> Response:
    """Figures for Prometheus; on this machine only, for they tell who uses what how much."""
    if not from_this_machine(request):
        abort(404)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
