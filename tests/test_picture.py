"""What a picture tells: each measure on pictures whose answer is known without it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cameras import picture as p
from cameras.frames.columns import LIMITS
from cameras.picture import Watcher


def smooth(values: np.ndarray, times: int) -> np.ndarray:
    """A running mean of five pixels both ways, so often; written with NumPy alone."""
    for _ in range(times):
        values = sum(np.roll(values, n, 0) for n in range(-2, 3)) / 5
        values = sum(np.roll(values, n, 1) for n in range(-2, 3)) / 5
    return values


def scene(seed: int, height: int = 240, width: int = 320, blur: int = 0) -> np.ndarray:
    """Grey rectangles of all sizes before each other, as houses and cars are; mean about 120."""
    rng = np.random.default_rng(seed)
    made = np.full((height, width), 120.0)
    for _ in range(250):
        y, x = rng.integers(0, height), rng.integers(0, width)
        h, w = rng.integers(4, 50, 2)
        made[y : y + h, x : x + w] = rng.uniform(20, 230)
    return smooth(made, blur)


def as_picture(levels: np.ndarray) -> np.ndarray:
    """A grey picture in three colours."""
    return np.repeat(np.clip(np.round(levels), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def with_noise(levels: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    return levels + np.random.default_rng(seed).normal(0, sigma, levels.shape)


def test_luma_and_contrast_are_mean_and_standard_deviation() -> None:
    """Half at 60, half at 100: mean 80, spread 20."""
    levels = np.full((100, 200), 60.0)
    levels[:, 100:] = 100
    found = Watcher().measures(as_picture(levels))
    assert (found.luma, found.contrast) == pytest.approx((80, 20))


def test_sharpness_falls_with_blur_and_hardly_with_light() -> None:
    """Crété's blur effect knows no contrast: a scene at a third of its contrast is as sharp as before."""
    points = [p.sharpness(as_picture(scene(1, blur=n))[..., 0]) for n in range(5)]
    assert all(before > after for before, after in pairwise(points))
    assert points[0] > 65 and points[4] < 50
    dim = p.sharpness(as_picture(scene(1) / 3 + 60)[..., 0])
    assert dim == pytest.approx(points[0], abs=2)


def naive_sharpness(levels: np.ndarray) -> float:
    """The paper's formula pixel by pixel, inside of the border, for a picture full of edges."""
    values = levels.astype(float)
    blurs = []
    for turned in (values, values.T):
        height, width = turned.shape
        again = np.array(
            [[turned[y, x - 5 : x + 6].mean() for x in range(5, width - 5)] for y in range(height)]
        )
        own = turned[:, 5:-5]

        def steps(image: np.ndarray) -> np.ndarray:
            rise = image[:, 2:] - image[:, :-2]
            return np.abs(rise[:-2] + 2 * rise[1:-1] + rise[2:])

        before, after = steps(own), steps(again)
        blurs.append(1 - np.maximum(0, before - after).sum() / before.sum())
    return 100 * (1 - max(blurs))


def test_sharpness_is_the_formula_of_the_paper() -> None:
    """Written a second time without OpenCV; the border is plain, so that it does not matter."""
    for blur in (0, 1, 2):
        levels = np.full((200, 220), 120, np.uint8)
        levels[15:-15, 15:-15] = as_picture(scene(2, 170, 190, blur))[..., 0]
        assert p.sharpness(levels) == pytest.approx(naive_sharpness(levels), abs=0.01)


def test_a_covered_lens_is_not_sharp_however_much_it_rustles() -> None:
    """Grey, darker to one side, with the noise of a sensor: no edge is in it."""
    covered = 90 + np.linspace(-20, 20, 320)[None, :].repeat(240, 0)
    assert p.sharpness(as_picture(covered)[..., 0]) == 0
    assert p.sharpness(as_picture(with_noise(covered, 5, 3))[..., 0]) < 5
    assert p.sharpness(np.full((240, 320), 7, np.uint8)) == 0


@pytest.mark.parametrize("sigma", [1.0, 3.0, 6.0, 12.0, 25.0])
def test_noise_of_known_spread_is_measured(sigma: float) -> None:
    """On a plain ground, and on a scene of edges, which are not taken for noise."""
    plain = as_picture(with_noise(np.full((480, 640), 128.0), sigma, 4))[..., 0]
    assert 0.88 * sigma < p.noise(plain) < 1.02 * sigma
    full = as_picture(with_noise(0.5 * scene(5, 480, 640) + 60, sigma, 5))[..., 0]
    assert 0.85 * sigma < p.noise(full) < 1.25 * sigma


def test_noise_of_a_clean_scene_is_none_and_of_a_black_one_unknown() -> None:
    assert p.noise(as_picture(scene(6, 480, 640))[..., 0]) < 0.5
    assert np.isnan(p.noise(np.zeros((240, 320), np.uint8)))
    # Half of it black, as the edge of an old camera's picture: the other half tells.
    half = with_noise(np.full((240, 320), 128.0), 8, 7)
    half[:, :160] = 0
    assert p.noise(as_picture(half)[..., 0]) == pytest.approx(8, rel=0.12)


@pytest.mark.parametrize(
    ("blue_green_red", "distance"),
    [((128, 128, 128), 0.0), ((0, 0, 255), 104.55), ((255, 0, 0), 133.81), ((0, 255, 255), 96.9)],
)
def test_cast_is_the_distance_from_grey_in_cielab(
    blue_green_red: tuple[int, int, int], distance: float
) -> None:
    """Chroma of the sRGB primaries at D65 as the literature has it: red 104.55, blue 133.81, yellow 96.9."""
    assert p.cast(np.full((20, 20, 3), blue_green_red, np.uint8)) == pytest.approx(distance, abs=1.5)


def test_colours_that_balance_are_no_cast() -> None:
    """CIELAB (140, 20, 15) beside (140, -20, -15): each 25 from grey, both together 0."""
    half = np.full((20, 20, 3), (106, 118, 173), np.uint8)
    half[:, 10:] = (157, 142, 61)
    assert p.cast(half[:, :10]) == pytest.approx(25, abs=1) == p.cast(half[:, 10:])
    assert p.cast(half) < 1


def test_a_frozen_picture_is_alike_and_a_scene_without_motion_is_not() -> None:
    """Noise of 2 levels leaves alike P(|N(0, 2·√2)| < 1.5) = 0.40 of the pixels."""
    still = scene(8)
    watcher = Watcher()
    frozen = [watcher.measures(as_picture(still)).similarity for _ in range(3)]
    assert np.isnan(frozen[0]) and frozen[1:] == [1.0, 1.0]
    living = [
        watcher.measures(as_picture(np.clip(with_noise(still, 2, seed), 1, 254))).similarity
        for seed in (1, 2)
    ]
    assert living[1] == pytest.approx(0.404, abs=0.02)


def test_noise_counts_though_the_picture_is_shrunk() -> None:
    """A mean of nine pixels would have a third of the noise, and pass for frozen."""
    still = np.full((1080, 1920), 128.0)
    watcher = Watcher()
    alike = [watcher.measures(as_picture(with_noise(still, 2, seed))).similarity for seed in (1, 2)]
    assert alike[1] == pytest.approx(0.404, abs=0.02)


def test_a_change_of_size_is_no_comparison() -> None:
    watcher = Watcher()
    watcher.measures(as_picture(scene(9)))
    other = watcher.measures(as_picture(scene(9, 288, 352)))
    assert np.isnan(other.similarity) and np.isnan(other.shift)


@settings(max_examples=30)
@given(st.integers(-60, 60), st.integers(-40, 40), st.integers(0, 10**6))
def test_a_shift_of_known_size_is_measured(dx: int, dy: int, seed: int) -> None:
    """A window on a larger scene is moved; what comes in at the edge is new."""
    large = scene(seed, 340, 460)
    watcher = Watcher()
    watcher.measures(as_picture(large[50:290, 70:390]))
    moved = watcher.measures(as_picture(large[50 + dy : 290 + dy, 70 + dx : 390 + dx]))
    assert moved.shift * 320 == pytest.approx(np.hypot(dx, dy), abs=1.0)


def test_somebody_before_the_scene_does_not_shift_it() -> None:
    """Three tall figures cross a third of the picture."""
    still = scene(10)
    watcher = Watcher()
    watcher.measures(as_picture(still))
    for place in range(0, 200, 20):
        now = still.copy()
        for n in range(3):
            now[40:230, place + 45 * n : place + 45 * n + 35] = 40 + 60 * n
        assert watcher.measures(as_picture(now)).shift < 0.005


def test_a_camera_turned_to_another_scene_is_wholly_shifted_after_ten_pictures() -> None:
    """And comes back when it is turned back. Noise, which agrees with nothing, is no scene."""
    watcher = Watcher()
    watcher.measures(as_picture(scene(11)))
    other = [watcher.measures(as_picture(with_noise(scene(12), 2, n))).shift for n in range(12)]
    assert np.isnan(other[:9]).all() and other[9:] == [1.0, 1.0, 1.0]
    assert watcher.measures(as_picture(scene(11))).shift < 0.005
    rustle = [
        watcher.measures(as_picture(with_noise(np.full((240, 320), 128), 40, n))).shift for n in range(15)
    ]
    assert np.isnan(rustle).all()


def test_night_is_another_view_of_the_same_scene() -> None:
    """By infrared the picture loses its colours and its light changes: that is no shift."""
    day = as_picture(scene(13))
    day[:, :160, 2] //= 2
    night = as_picture(255 - scene(14))
    watcher = Watcher()
    seen = [watcher.measures(one).shift for one in [day] * 3 + [night] * 15 + [day] * 3]
    assert np.nanmax(seen) < 0.005


def test_slow_change_is_followed_and_slow_drift_added_up() -> None:
    """A tripod that sinks by a pixel every other picture is found out, though each step is small."""
    large = scene(15, 300, 500)
    watcher = Watcher(renewed_after=5)
    shifts = [watcher.measures(as_picture(large[20:260, n // 2 : 320 + n // 2])).shift for n in range(121)]
    assert shifts[-1] * 320 == pytest.approx(60, abs=3)


def test_the_scene_is_taken_from_a_picture_that_shows_it() -> None:
    """A dark or covered picture at the beginning is no reference."""
    watcher = Watcher()
    for first in (scene(16) * 0.05, np.full((240, 320), 90.0), scene(16, blur=8)):
        assert np.isnan(watcher.measures(as_picture(first)).shift)
    assert np.isnan(watcher.measures(as_picture(scene(16))).shift)
    assert watcher.measures(as_picture(scene(16))).shift < 0.005


def test_of_a_field_one_row_stands_for_two_lines() -> None:
    """Moved by ten rows of the field, twenty lines of the screen, in a picture 320 wide."""
    large = scene(17, 300, 400)
    watcher = Watcher()
    watcher.measures(as_picture(large[20:260, :320]), line_px=2)
    moved = watcher.measures(as_picture(large[30:270, :320]), line_px=2)
    assert moved.shift == pytest.approx(20 / 320, abs=0.003)


def test_of_a_camera_that_moves_by_itself_no_shift_is_measured() -> None:
    watcher = Watcher(fixed=False)
    assert np.isnan([watcher.measures(as_picture(scene(n))).shift for n in (1, 1, 2)]).all()


@settings(max_examples=60)
@example(3, 25, "white")  # the mean of its pixels is 255.00000000000003
@given(st.integers(1, 70), st.integers(1, 1500), st.sampled_from(["noise", "black", "white", "dots", "red"]))
def test_measures_of_any_picture_stay_on_their_scales(height: int, width: int, kind: str) -> None:
    """However small, narrow or odd."""
    made = {
        "noise": np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8),
        "black": np.zeros((height, width, 3), np.uint8),
        "white": np.full((height, width, 3), 255, np.uint8),
        "dots": as_picture(255.0 * (np.add.outer(np.arange(height), np.arange(width)) % 2)),
        "red": np.full((height, width, 3), (0, 0, 255), np.uint8),
    }[kind]
    watcher = Watcher()
    for _ in range(2):
        for name, value in vars(watcher.measures(made)).items():
            assert np.isnan(value) or LIMITS[name].admits(np.array([value])).all()
