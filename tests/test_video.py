"""Videos as frames: real clips, spoilt on purpose and coded again, are called what they are, nothing else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from mutations import damaged
from rtsp_server import camera
from videos import SAMPLES, Image, coded, decoded

from cameras.diagnosis import REASONS, diagnose
from cameras.frames import FrameBatch, ReadBatch, ReadOptions
from cameras.frames.columns import LOST_EVENT
from cameras.frames.times import epoch_ms
from cameras.frames.video import Taking, judged_video, shown
from cameras.picture import Watcher
from geo.errors import InputRefused

BEGINS = datetime(2026, 5, 1, 4, tzinfo=UTC)
BEGAN_MS = epoch_ms(BEGINS)
OPTIONS = ReadOptions(
    cameras={"N-01": 11}, zone=UTC, now=BEGINS + timedelta(days=1), source=7, camera=11, begins=BEGINS
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"sample videos are not at {SAMPLES}")


def read(path: Path | str, every_s: float = 1.0, *, fixed: bool = True) -> ReadBatch:
    parts = list(judged_video(str(path), OPTIONS, Watcher(fixed=fixed), Taking(every_s=every_s)))
    return ReadBatch(
        FrameBatch.concatenate([part.frames for part in parts]),
        tuple(one for part in parts for one in part.rejected),
        tuple(note for part in parts for note in part.notes),
    )


def words(frames: FrameBatch) -> list[str]:
    return [REASONS[code] for code in diagnose(frames)[1]]


def light(levels: np.ndarray) -> Image:
    return np.clip(np.round(levels), 0, 255).astype(np.uint8)


def street(n: int, height: int = 120, width: int = 160) -> Image:
    """A made-up scene with noise and something that walks through it."""
    rng = np.random.default_rng(1)
    made = np.full((height, width, 3), 120.0)
    for _ in range(80):
        y, x, h, w = *rng.integers(0, (height, width)), *rng.integers(4, 40, 2)
        made[y : y + h, x : x + w] = rng.uniform(20, 230)
    made[60:110, 3 * n % width : 3 * n % width + 15] = (200, 60, 40)
    return light(made + np.random.default_rng(n).normal(0, 2, made.shape))


# ------------------------------------------------------------ real clips


@pytest.mark.shared
@needs_samples
@pytest.mark.parametrize("every_s", [0.01, 0.1])
def test_an_interlaced_flight_is_not_frozen(every_s: float) -> None:
    """48 pictures, all of them new; cv2.VideoCapture hands out one and the same 48 times."""
    frames = read(SAMPLES / "aphill_short.ts", every_s, fixed=False).frames
    assert len(frames) == (48 if every_s == 0.01 else 16)
    assert words(frames) == [""] * len(frames)
    assert np.nanmax(frames.similarity) < 0.8
    assert np.isnan(frames.shift).all()


@pytest.mark.shared
@needs_samples
@pytest.mark.parametrize(("every_s", "pictures"), [(1.0, 12), (0.1, 115)])
def test_a_fixed_camera_in_good_order_is_called_nothing(every_s: float, pictures: int) -> None:
    """Cyclists and walkers fill up to a third of the picture. 343 pictures at 30 a second."""
    found = read(SAMPLES / "motion.mp4", every_s)
    assert words(found.frames) == [""] * pictures
    assert not found.rejected and not found.notes
    assert (found.frames.captured_ms[0], found.frames.width_px[0]) == (BEGAN_MS, 320)


# The second half of the clip alone: the first one served to look at the measures (docs/diagnosis.md).
FROM, CLEAN, SPOILT = 172, 19, 38


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    if not SAMPLES.is_dir():
        pytest.skip(f"sample videos are not at {SAMPLES}")
    return decoded(SAMPLES / "motion.mp4")[FROM::3]


def noisy(picture: Image, n: int, sigma: float) -> Image:
    return light(picture + np.random.default_rng(n).normal(0, sigma, picture.shape))


def covered(picture: Image, n: int) -> Image:
    """A hand before the lens: light and dark without outlines."""
    return noisy(light(cv2.GaussianBlur(picture, (0, 0), 25) * 0.4 + 30), n, 2)


Spoil = Callable[[Image, int], Image]
#: What is done to each picture of the middle part, what it must be called, and how many of 19 may be missed.
SPOILT_ON_PURPOSE: dict[str, tuple[Spoil, str, int]] = {
    "blurred by 2.5 px": (lambda x, n: cv2.GaussianBlur(x, (0, 0), 2.5), "blurred", 0),
    "blurred by 4 px": (lambda x, n: cv2.GaussianBlur(x, (0, 0), 4), "blurred", 0),
    "a tenth of the light": (lambda x, n: light(x * 0.1), "dark", 0),
    "a fifth of the light": (lambda x, n: light(x * 0.2), "dark", 0),
    "half the light, 185 added": (lambda x, n: light(x * 0.5 + 185), "bright", 0),
    "twice the light, 130 added": (lambda x, n: light(x * 2.0 + 130), "bright", 0),
    "a third of the contrast": (lambda x, n: light(x * 0.35 + 80), "flat", 0),
    "hand before the lens": (covered, "blocked", 0),
    "cap on the lens": (lambda x, n: noisy(np.full_like(x, 90), n, 4), "blocked", 0),
    "half the blue": (lambda x, n: light(x * [0.5, 1, 1]), "tinted", 0),
    "magenta": (lambda x, n: light(x * [1.2, 0.7, 1.2]), "tinted", 0),
    "noise of 15 levels": (lambda x, n: noisy(x, n, 15), "noisy", 0),
    "noise of 25 levels": (lambda x, n: noisy(x, n, 25), "noisy", 0),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", SPOILT_ON_PURPOSE)
def test_what_is_spoilt_is_called_so_and_what_is_not_is_called_nothing(
    clip: list[Image], tmp_path: Path, name: str
) -> None:
    spoil, word, missed = SPOILT_ON_PURPOSE[name]
    pictures = [spoil(x, n) if CLEAN <= n < SPOILT else x for n, x in enumerate(clip)]
    bits = 5_000_000 if word == "noisy" else 1_500_000
    found = words(read(coded(tmp_path / "a.mp4", pictures, bits=bits), 0.1).frames)
    assert len(found) == len(clip) == 57
    assert found[:CLEAN] + found[SPOILT:] == [""] * 38
    assert found[CLEAN:SPOILT].count(word) >= SPOILT - CLEAN - missed


@pytest.mark.shared
def test_a_frozen_picture_is_called_so_within_three_pictures(clip: list[Image], tmp_path: Path) -> None:
    """The coder's first full picture of it differs; from then on all are alike."""
    pictures = [clip[CLEAN - 1] if CLEAN <= n < SPOILT else x for n, x in enumerate(clip)]
    found = words(read(coded(tmp_path / "a.mp4", pictures), 0.1).frames)
    assert found[CLEAN + 2 : SPOILT] == ["frozen"] * (SPOILT - CLEAN - 2)
    assert found[:CLEAN] + found[SPOILT:] == [""] * 38


@pytest.mark.shared
def test_a_scene_in_which_nothing_moves_is_not_frozen(clip: list[Image], tmp_path: Path) -> None:
    """One picture with the noise of a sensor (1 and 2 levels), one of ten a second judged."""
    for sigma in (1, 2):
        pictures = [noisy(clip[0], n, sigma) for n in range(150)]
        found = words(read(coded(tmp_path / "a.mp4", pictures), 1.0).frames)
        assert found == [""] * 15


@pytest.mark.shared
@pytest.mark.parametrize(
    ("dx", "dy", "word"),
    [(5, 0, ""), (9, 3, ""), (20, 5, "shifted"), (26, -6, "shifted"), (64, 20, "shifted")],
)
def test_a_camera_turned_by_so_much_is_shifted_by_so_much(
    clip: list[Image], tmp_path: Path, dx: int, dy: int, word: str
) -> None:
    """A window 256 pixels wide on the picture is moved; shares of its width, to half a pixel."""
    pictures = [
        np.ascontiguousarray(x[20 + dy : 220 + dy, dx : 256 + dx] if CLEAN <= n < SPOILT else x[20:220, :256])
        for n, x in enumerate(clip)
    ]
    frames = read(coded(tmp_path / "a.mp4", pictures), 0.1).frames
    found = words(frames)
    assert found == [""] * 19 + [word] * 19 + [""] * 19
    np.testing.assert_allclose(frames.shift[CLEAN:SPOILT] * 256, np.hypot(dx, dy), atol=0.6)


# ------------------------------------------------------------ times, events, refusals


def test_pictures_are_taken_at_their_time_in_the_video(tmp_path: Path) -> None:
    """Ten a second for 4.5 s, one a second judged: at 0, 1, 2, 3 and 4 s."""
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(45)])
    frames = read(path).frames
    assert (frames.captured_ms - BEGAN_MS).tolist() == [0, 1000, 2000, 3000, 4000]
    assert set(frames.camera) == {11} and set(frames.source) == {7}
    assert set(frames.width_px) == {160.0} and set(frames.height_px) == {120.0}
    assert np.isnan(frames.similarity[0]) and np.isfinite(frames.similarity[1:]).all()


def test_five_seconds_without_a_picture_are_a_lost_signal(tmp_path: Path) -> None:
    """Pictures until 1.9 s, again from 8 s: lost from 1.9 s on. A gap of 4.9 s is none."""
    path = coded(
        tmp_path / "a.mp4", [street(n) for n in range(40)], at=lambda n: n / 10 + (6 if n >= 20 else 0)
    )
    frames = read(path).frames
    told = list(zip((frames.captured_ms - BEGAN_MS).tolist(), frames.event.tolist(), strict=True))
    assert told == [(0, 0), (1000, 0), (1901, LOST_EVENT), (8000, 0), (9000, 0)]
    short = coded(
        tmp_path / "b.mp4", [street(n) for n in range(40)], at=lambda n: n / 10 + (4.8 if n >= 20 else 0)
    )
    assert not read(short).frames.event.any()


def test_times_that_jump_back_go_on(tmp_path: Path) -> None:
    """Two recordings end to end, as a recorder writes them: each begins at 0."""
    whole = b"".join(
        coded(tmp_path / f"{n}.ts", [street(k) for k in range(20)], codec="mpeg2video", rate=25).read_bytes()
        for n in range(2)
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(whole)
    found = read(path, 0.04)
    assert len(found.frames) == 40 and (np.diff(found.frames.captured_ms) > 0).all()
    assert found.frames.captured_ms[-1] - BEGAN_MS < 5000


class Clock:
    """A clock that goes on by so much each time it is looked at."""

    def __init__(self, step_s: float) -> None:
        self.now = BEGINS
        self.step = timedelta(seconds=step_s)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


def test_a_live_stream_has_the_time_of_the_clock_and_its_end_is_a_lost_signal(tmp_path: Path) -> None:
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(30)])
    taking = Taking(every_s=1.0, clock=Clock(0.1))
    parts = list(judged_video(str(path), OPTIONS, Watcher(), taking))
    frames = FrameBatch.concatenate([part.frames for part in parts])
    # Each is handed on as it comes.
    assert [len(part.frames) for part in parts] == [1] * len(frames)
    assert frames.event.tolist() == [0] * (len(frames) - 1) + [LOST_EVENT]
    steps = np.diff(frames.captured_ms[:-1])
    assert len(steps) > 3 and (abs(steps - 1000) <= 300).all()


def test_a_caller_who_is_busy_makes_no_loss(tmp_path: Path) -> None:
    """A minute goes by while a block is stored; the stream had not stopped."""
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(30)])
    clock = Clock(0.02)
    parts = []
    for part in judged_video(str(path), OPTIONS, Watcher(), Taking(every_s=0.2, clock=clock)):
        parts.append(part.frames)
        clock.now += timedelta(minutes=1)
    assert FrameBatch.concatenate(parts).event.tolist() == [0] * (len(parts) - 1) + [LOST_EVENT]


@pytest.mark.parametrize("silent_s", [0.0, 12.0])
def test_a_camera_that_falls_silent_is_lost_from_its_last_picture_on(tmp_path: Path, silent_s: float) -> None:
    """By RTSP; it closes the connection, or only stops: then it is given up after 5 s."""
    content = coded(
        tmp_path / "a.ts", [street(n) for n in range(50)], codec="mpeg2video", rate=25
    ).read_bytes()
    taking = Taking(every_s=0.2, clock=lambda: datetime.now(UTC))
    options = ReadOptions(cameras={}, zone=UTC, now=datetime.now(UTC), source=7, camera=11)
    with camera(content, seconds=2.0, silent_s=silent_s) as (address, requests):
        frames = FrameBatch.concatenate(
            part.frames for part in judged_video(address, options, Watcher(), taking)
        )
        known_after_s = datetime.now(UTC).timestamp() - frames.captured_ms[-1] / 1000
    assert requests[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert frames.event.tolist() == [0] * (len(frames) - 1) + [LOST_EVENT] and len(frames) > 4
    # Since the last picture that came, which need not be one that was judged.
    assert 0 < frames.captured_ms[-1] - frames.captured_ms[-2] <= 400
    assert known_after_s < 4 if silent_s == 0 else known_after_s > 4


def test_a_stream_is_left_when_it_is_asked_to(tmp_path: Path) -> None:
    """After the first picture; that is no loss."""
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(30)])
    seen: list[ReadBatch] = []
    taking = Taking(every_s=0.1, clock=Clock(0.1), should_stop=lambda: len(seen) > 0)
    seen += judged_video(str(path), OPTIONS, Watcher(), taking)
    asked = iter([False] * 8 + [True] * 100)
    taking = Taking(every_s=0.1, clock=Clock(0.1), should_stop=lambda: next(asked))
    stopped = FrameBatch.concatenate(
        part.frames for part in judged_video(str(path), OPTIONS, Watcher(), taking)
    )
    assert 0 < len(stopped) < 10 and not stopped.event.any()


def test_a_file_without_its_beginning_or_a_video_is_refused(tmp_path: Path) -> None:
    good = coded(tmp_path / "a.mp4", [street(n) for n in range(5)])
    unknown = ReadOptions(cameras={}, zone=UTC, now=OPTIONS.now, source=7, camera=11)
    with pytest.raises(InputRefused, match=r"a\.mp4: a video does not tell when it was taken.*--begins"):
        list(judged_video(str(good), unknown, Watcher()))
    text = tmp_path / "notes.mp4"
    text.write_text("no video")
    with pytest.raises(InputRefused, match=r"notes\.mp4: cannot be read as a video"):
        read(text)
    with pytest.raises(InputRefused, match=r"none\.mp4: cannot be read as a video"):
        read(tmp_path / "none.mp4")
    sound = tmp_path / "sound.wav"
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(InputRefused, match=r"sound\.wav: there are no pictures in it that can be decoded"):
        read(sound)
    with pytest.raises(InputRefused, match="pictures every 0 s cannot be judged"):
        Taking(every_s=0)


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("rtsp://admin:se@cret@10.0.0.8:554/h264?token=x", "rtsp://10.0.0.8:554/h264"),
        ("http://10.0.0.8/live", "http://10.0.0.8/live"),
        ("/srv/video/a.mp4", "a.mp4"),
    ],
)
def test_an_address_is_printed_without_what_is_secret_in_it(source: str, printed: str) -> None:
    assert shown(source) == printed


def test_only_addresses_of_streams_are_opened_and_no_other_file_from_within(tmp_path: Path) -> None:
    for address in ("concat://a|b", "file:///etc/hostname", "gopher://10.0.0.8/"):
        with pytest.raises(InputRefused, match=r"addresses of kind '\w+' are not read"):
            read(address)
    good = coded(tmp_path / "a.ts", [street(n) for n in range(5)], codec="mpeg2video", rate=25)
    # The name of a file is a name, not an order to read two.
    with pytest.raises(InputRefused, match="cannot be read as a video"):
        read(f"concat:{good}|{good}")
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(InputRefused):
        read(playlist)
    with pytest.raises(InputRefused, match=r"rtsp://127\.0\.0\.1:9/a: cannot be read as a video") as refused:
        read("rtsp://user:secret@127.0.0.1:9/a")
    assert not re.search("secret|user", str(refused.value))


def test_broken_packets_are_kept_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    path = coded(tmp_path / "a.mp4", [street(n) for n in range(60)])
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    broken = tmp_path / "b.mp4"
    broken.write_bytes(content)
    found = read(broken, 0.1)
    assert 30 < len(found.frames) <= 60
    assert all(one.unit == "packet" and "cannot be decoded" in one.reason for one in found.rejected)


def test_ten_thousand_damaged_videos_raise_nothing_but_a_refusal(tmp_path: Path) -> None:
    """Whatever is damaged: every row that comes out is in order and on its scales."""
    generator = np.random.default_rng(20)
    small = [street(n, 16, 16) for n in range(2)]
    samples = [
        coded(tmp_path / f"a.{ending}", small, codec=codec, rate=25, bits=50_000).read_bytes()
        for ending, codec in (("mp4", "mpeg4"), ("avi", "mpeg4"), ("m4v", "mpeg4"), ("ts", "mpeg2video"))
    ]
    path = tmp_path / "damaged"
    watcher, taking = Watcher(), Taking(every_s=3600)
    pictures = refused = 0
    for _ in range(10_000):
        path.write_bytes(damaged(generator, samples))
        try:
            for part in judged_video(str(path), OPTIONS, watcher, taking):
                pictures += len(part.frames)
                assert part.frames.is_sorted
        except InputRefused:
            refused += 1
    assert pictures > 1000 and refused > 1000
