"""What the API takes and gives, for its checks and its OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

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


class Rows(BaseModel):
    """A page of rows. Shares are 0–1, lengths metres, times ISO 8601 with their zone."""

    items: list[dict[str, Any]]
    total: int
    page: int
    pages: int
    size: int
