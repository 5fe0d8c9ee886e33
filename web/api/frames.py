"""`POST /api/v1/frames`: a gateway hands in what its cameras delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext

from cameras.services import SourceSpec
from cameras.services.delivering import MOST_PACKED_BYTES, Delivery, deliver_frames
from web import errors
from web.access import Action, by_token_only, needs
from web.api.schemas import FrameQuery, FramesTaken
from web.api.views import bp
from web.requests import access, audit, db
from web.uploads import takes_files

KINDS = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


@bp.post("/frames")
@bp.input(FrameQuery, location="query")
@bp.output(FramesTaken)
@bp.doc(
    summary="Hand in a batch of frame metadata",
    description=(
        "The body is NDJSON, one frame a line with the columns of docs/frames.md, packed with gzip where "
        "Content-Encoding says so. Header Idempotency-Key names the batch: sent again under the same key, it "
        "is answered as before and stores nothing. Good lines are stored, others are told with their reason."
    ),
    responses={
        401: "No token",
        409: "The key came before with another batch",
        413: "The batch is too large",
        415: "The body is no NDJSON",
        422: "The batch cannot be read, or names its source otherwise than before",
    },
)
@takes_files(MOST_PACKED_BYTES)
@by_token_only
@needs(Action.FRAMES_DELIVER)
def deliver(query_data: FrameQuery) -> Response | tuple[dict[str, Any], dict[str, str]]:
    """Store a batch."""
    if request.mimetype not in KINDS:
        return errors.told(
            415,
            gettext("Not accepted"),
            gettext(
                "The body is %(kind)s; send NDJSON as %(wanted)s.", kind=request.mimetype, wanted=KINDS[0]
            ),
        )
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip"):
        return errors.told(
            415,
            gettext("Not accepted"),
            gettext("The body is packed with %(how)s; pack it with gzip, or not at all.", how=packing),
        )
    spec = SourceSpec(query_data.source, query_data.interval_s, query_data.kind)
    delivery = Delivery(
        request.headers.get("Idempotency-Key", ""),
        access().account.name,
        request.get_data(),
        packing == "gzip",
    )
    done = deliver_frames(db(), delivery, spec, now=datetime.now(UTC), datum=query_data.datum)
    if not done.again:
        audit("add", f"frames {query_data.source}", rows=done.answer["stored"])
    return done.answer, {"Idempotency-Replayed": str(done.again).lower()}
