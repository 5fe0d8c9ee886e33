"""Clocks written over real pictures, coded as video, read by Tesseract and told as a finding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
import small_site
from click.testing import CliRunner
from clocks import FORMATS, plotted, written
from databases import another_database
from sqlalchemy import Engine
from videos import SAMPLES, Image, coded, decoded

from cameras.diagnosis import clock_findings
from cameras.frames.columns import NO_TIME
from cameras.repository import frames as frame_store
from cameras.services.tesseract import Tesseract
from geo.db import make_engine, transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from migrations import runner
from web.cli import main

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"sample videos are not at {SAMPLES}"),
]
# The site's zone is that of Shanghai.
BEGINS = datetime(2026, 11, 21, 14, 59, 55, tzinfo=UTC)
LOCAL = BEGINS.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[tuple[Engine, str]]:
    """The small site in a database of its own, and the code of one of its cameras."""
    with another_database(cluster, "lianfang_clock") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            code = small_site.fill(session).cameras[small_site.OWN]
        yield engine, code
        engine.dispose()


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    """Eight seconds of the street, a picture a second, 1280 px wide."""
    return [
        np.asarray(cv2.resize(one, (1280, 960), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
        for one in decoded(SAMPLES / "motion.mp4")[100::30][:8]
    ]


def probed(site: tuple[Engine, str], path: Path, *told: str) -> tuple[int, str, str]:
    url = site[0].url.render_as_string(hide_password=False)
    arguments = ["frames", "probe", str(path), "--camera", site[1], "--begins", BEGINS.isoformat()]
    done = CliRunner().invoke(
        main, [*arguments, "--source", path.stem, "--json", *told], env={"LIANFANG_DATABASE_URL": url}
    )
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "px", "corner", "off_s"),
    [
        ("iso", 32, "tl", 0),
        ("iso, weekday", 40, "tr", 440),
        ("chinese, weekday", 40, "tl", -75),
        ("year last", 36, "tr", 86_400),
    ],
)
def test_a_clock_in_the_picture_is_read_and_found_wrong(
    site: tuple[Engine, str], clip: list[Image], tmp_path: Path, name: str, px: int, corner: str, off_s: int
) -> None:
    """From the file to the finding: the first reading that is believed is right to the second."""
    engine, _ = site
    shown = [
        written(one, FORMATS[name](LOCAL + timedelta(seconds=second + off_s)), px, corner)
        for second, one in enumerate(clip)
    ]
    path = coded(tmp_path / f"clock{off_s}.mp4", shown, rate=1, bits=4_000_000)
    status, out, words = probed(site, path, "--read-clock")
    assert status == 0, words
    assert json.loads(out.splitlines()[-1])["clock"] == {"read": 1, "unread": 0, "offset_s": float(off_s)}
    with transaction(engine, scope=WHOLE_SITE) as session:
        known = frame_store.sources(session)
        source = known.index[known["code"] == path.stem]
        frames = frame_store.frames(session, start=BEGINS, end=BEGINS + timedelta(hours=1))
    frames = frames.take(np.isin(frames.source, source))
    (read,) = np.flatnonzero(frames.osd_ms != NO_TIME)
    assert frames.osd_ms[read] - frames.captured_ms[read] == off_s * 1000
    if off_s:
        way = "ahead" if off_s > 0 else "behind"
        assert f"the clock on the screen is wrong: {abs(off_s)} s {way}" in words
        found = clock_findings(frames)
        assert found["offset_s"].tolist() == [off_s] and found["frames"].tolist() == [1]
    else:
        assert "the clock on the screen is right (+0 s)" in words
        assert clock_findings(frames).empty


def test_a_clock_is_read_only_when_asked_and_only_where_it_is_said_to_stand(
    site: tuple[Engine, str], clip: list[Image], tmp_path: Path
) -> None:
    """In the lower left quarter there is none; the upper one has a clock that nobody asked for."""
    shown = [
        plotted(one, FORMATS["iso"](LOCAL + timedelta(seconds=second)), 28) for second, one in enumerate(clip)
    ]
    path = coded(tmp_path / "unasked.mp4", shown, rate=1, bits=4_000_000)
    status, out, _ = probed(site, path)
    assert status == 0 and "clock" not in json.loads(out.splitlines()[-1])
    status, out, _ = probed(site, path, "--clock-at", "0,75,50,25")
    assert status == 0
    answer = json.loads(out.splitlines()[-1])["clock"]
    assert (answer["read"], answer["offset_s"]) == (0, None)
    status, _, words = probed(site, path, "--clock-at", "0,75,50")
    assert status == 1 and "the clock's place '0,75,50' is not read" in words


def test_a_machine_without_tesseract_is_told_what_to_install(
    site: tuple[Engine, str], clip: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is watched; without the flag nobody needs it."""
    path = coded(tmp_path / "none.mp4", clip, rate=1)
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, words = probed(site, path, "--read-clock")
    assert status == 1
    assert words.splitlines()[-1] == (
        "lianfang: reading the clock needs tesseract with its English data: run 'apt-get install "
        "tesseract-ocr' as root, or leave out --read-clock"
    )
    assert probed(site, path)[0] == 0


def test_a_program_that_fails_says_so_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tesseract that knows English, and then breaks."""
    program = tmp_path / "tesseract"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --list-langs ] && echo eng && exit 0\necho "no memory" >&2; exit 3\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    reader = Tesseract()
    with pytest.raises(LianfangError, match="tesseract failed: no memory"):
        reader(np.full((40, 200), 255, dtype=np.uint8), False)


def test_several_sizes_and_ways_are_read_right_or_not_at_all(clip: list[Image]) -> None:
    """Every reading that two ways of cleaning a line agree on is right; most are read (docs/diagnosis.md)."""
    from cameras.onscreen.reader import CORNERS, found

    reader = Tesseract()
    counts = {"right": 0, "unread": 0, "wrong": 0}
    number = 0
    for _, tell in sorted(FORMATS.items()):
        for width, px in ((640, 24), (1280, 40)):
            number += 1
            at = LOCAL + timedelta(seconds=7_654_321 * number)
            picture = np.asarray(
                cv2.resize(clip[number % len(clip)], (width, width * 3 // 4)), dtype=np.uint8
            )
            picture = written(picture, tell(at), px, "tl" if number % 2 else "tr")
            grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
            read = found([part.cut(grey) for part in CORNERS], reader, at, grey.shape)
            counts["unread" if read is None else "right" if read.shown == at else "wrong"] += 1
    assert counts["wrong"] == 0
    assert counts["right"] >= 7, counts
