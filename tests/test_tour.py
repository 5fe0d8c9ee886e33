"""Pictures of the pages: of each there is, in both languages, small enough, shown with a sentence."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ServedSite
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/screenshots.py, which is run and not installed."""
    spec = importlib.util.spec_from_file_location("screenshots", ROOT / "scripts" / "screenshots.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules["screenshots"] = made
    spec.loader.exec_module(made)
    return made


def _names(script: ModuleType) -> list[str]:
    """Names of all pictures, without language and ending."""
    return [name for shot in script.SHOTS for name in (shot.name, f"{shot.name}-phone")[: 1 + shot.phone]]


def test_every_page_has_a_picture(script: ModuleType, served: ServedSite) -> None:
    """A new address is a page with a picture, or stands among those that are none."""
    there = {
        rule.endpoint
        for rule in served.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith("api.")
    }
    shown = {shot.endpoint for shot in script.SHOTS if shot.endpoint}
    assert there - shown - set(script.NOT_PAGES) == set()
    assert (shown | set(script.NOT_PAGES)) - there == set()
    assert shown & set(script.NOT_PAGES) == set()


def test_every_picture_is_there_and_small(script: ModuleType) -> None:
    """As wide as the window it was taken in; no file that nothing shows."""
    files = {path.name for path in script.IMAGES.glob("*.png")}
    assert files == {f"{name}.{lang}.png" for name in _names(script) for lang in script.LOCALES}
    for name in files:
        path = script.IMAGES / name
        assert path.stat().st_size <= 1.25 * script.LARGEST_BYTES, name
        with Image.open(path) as picture:
            assert picture.size[0] == (script.PHONE[0] if "-phone." in name else script.WIDTH), name


def test_the_tour_shows_each_with_a_sentence(script: ModuleType) -> None:
    """One sentence before each picture, none twice."""
    shown = re.findall(r"([^\n]+)\n\n!\[[^\]]+\]\(images/pages/([a-z-]+)\.en\.png\)", TOUR)
    assert sorted(name for _, name in shown) == sorted(_names(script))
    assert all(len(sentence) > 15 and not sentence.startswith(("#", "!")) for sentence, _ in shown)
