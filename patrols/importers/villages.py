"""Villages that files of patrols name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import geopandas as gpd

from geo.errors import Sentence
from geo.readers.result import Notes


def village_paths(villages: gpd.GeoDataFrame | None) -> dict[str, str] | None:
    """Path by path and by code."""
    if villages is None:
        return None
    return {**dict(zip(villages["code"], villages["path"], strict=True)), **{p: p for p in villages["path"]}}


def members_named(row: int, text: str, known: Mapping[str, str] | None, notes: Notes) -> list[str] | None:
    words = [word.strip() for word in re.split(r"[;,、\s]+", text) if word.strip()]
    if not words:
        return None
    if known is None:
        return words
    for word in words:
        if word not in known:
            notes.refuse(
                row,
                Sentence(
                    "village '%(village)s' is not known; give the code or the path of a stored village",
                    village=word,
                ),
            )
    return [known[word] for word in words if word in known]
