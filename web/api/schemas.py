"""What the API takes and gives, for its checks and its OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from web.tabular.spec import PAGE_SIZES


class Page(BaseModel):
    """Which rows; further arguments are the filters of the page of the same name."""

    page: int = Field(1, ge=1, description="Number of the page, from 1.")
    size: int = Field(PAGE_SIZES[-1], description=f"Rows a page: one of {', '.join(map(str, PAGE_SIZES))}.")
    sort: str = Field("", description="A field's name, with - in front for the other way.")
    q: str = Field("", max_length=200, description="Text that a row holds.")


class GapPage(Page):
    """Which gaps."""

    list: str = Field("repair", description="repair, measure or build: who acts.")
    analysis: int | None = Field(None, description="Number of an analysis; without one the newest.")


class Basis(BaseModel):
    """The analysis that rows are of."""

    id: int
    level: str
    dimension: str = Field(description="How buildings hid: 2d, or 2.5d over those whose height is known.")


class Rows(BaseModel):
    """A page of rows. Shares are 0–1, lengths metres, times ISO 8601 with their zone."""

    analysis: Basis | None = Field(None, description="Of what an analysis found; else null.")

    items: list[dict[str, Any]]
    total: int
    page: int
    pages: int
    size: int


class FrameQuery(BaseModel):
    """Where a batch of frames comes from."""

    source: str = Field(min_length=1, max_length=100, description="Code of the source that delivered them.")
    interval_s: float | None = Field(
        None,
        description="Of a source not yet known: expected seconds between two frames of a camera; else 60.",
    )
    kind: Literal["", "stream", "gateway", "heartbeat", "inspection"] = Field(
        "", description="Of a source not yet known: what it is; else by its interval."
    )
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = Field(
        "wgs84", description="Datum of positions in the frames."
    )


class LineRefused(BaseModel):
    """A line that was not stored, or a field that was the reason."""

    line: int
    field: str = Field(description="Its column, or empty for the line as a whole.")
    value: str
    reason: str
    unit: str


class FramesTaken(BaseModel):
    """What became of a batch."""

    stored: int = Field(description="Frames that are new.")
    known: int = Field(description="Frames that were there already.")
    refused: int = Field(description="Fields and lines that were refused.")
    problems: list[LineRefused] = Field(description="The first thousand of them.")
    notes: list[str]


class FootageQuery(BaseModel):
    """A place and a time."""

    model_config = ConfigDict(populate_by_name=True)

    lon: float = Field(description="Longitude, degrees.")
    lat: float = Field(description="Latitude, degrees.")
    more: str = Field("", max_length=2000, description="Further points: lon lat; lon lat.")
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = Field("wgs84", description="Of the coordinates.")
    radius: float = Field(0.0, ge=0, le=200, description="All ground so far around the points, metres.")
    since: str = Field(
        alias="from", max_length=40, description="ISO 8601; without a zone in the site's. The first instant."
    )
    until: str = Field(max_length=40, description="The first instant that is not asked for any more.")
    reason: str = Field(
        "", max_length=200, description="Why, or the number of a case; kept in the audit log."
    )


class FootageFound(BaseModel):
    """The answer: docs/footage.md."""

    since: str = Field(alias="from")
    until: str
    points: list[dict[str, float]]
    radius_m: float
    basis: Literal["frames", "analysis"]
    analysis: int | None
    days_without_frames: int
    dimension: str
    cameras_near: int
    items: list[dict[str, Any]]
    total: int
