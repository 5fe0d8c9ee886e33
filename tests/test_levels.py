"""Levels of pixel density and their names."""

import doctest
import math

import pytest

from cameras import levels
from cameras.levels import DORI, OODPCVS, SCREEN_NAMES, lowest_level, ordered, parsed_level, pixels_per_metre


def test_levels_ask_for_the_densities_of_their_standard():
    """IEC 62676-4:2014 and :2025 as quoted in DOMAIN §2."""
    assert dict(DORI) == {"detect": 25, "observe": 62.5, "recognise": 125, "identify": 250}
    assert [pixels_per_metre(name) for name in OODPCVS] == [20, 40, 80, 125, 250, 500, 1500]
    assert pixels_per_metre(33.3) == 33.3
    assert pixels_per_metre(100) == 100.0


def test_no_name_is_in_two_sets_so_a_name_tells_its_set():
    assert not set(DORI) & set(OODPCVS)


@pytest.mark.parametrize("levels_of_set", [DORI, OODPCVS])
def test_lowest_level_of_every_level_is_the_least_of_its_own_set(levels_of_set):
    least = min(levels_of_set, key=levels_of_set.__getitem__)
    assert {lowest_level(name) for name in levels_of_set} == {least}


def test_a_number_is_a_set_of_its_own():
    assert lowest_level(80.0) == 80.0


def test_levels_of_both_sets_and_numbers_are_ordered_by_density():
    mixed = ["identify", 30.0, "overview", "detect", "perceive"]
    assert ordered(mixed) == ["overview", "detect", 30.0, "perceive", "identify"]


def test_every_dori_level_has_its_own_chinese_name():
    assert set(SCREEN_NAMES) == set(DORI)
    assert len(set(SCREEN_NAMES.values())) == len(DORI)
    assert SCREEN_NAMES["detect"] == "看得到人"


@pytest.mark.parametrize("wrong", ["Detect", "", "25px"])
def test_an_unknown_name_is_refused_with_the_known_ones(wrong):
    for refused in (pixels_per_metre, lowest_level, parsed_level):
        with pytest.raises(ValueError, match=r"detect 25, .*scrutinise 1500"):
            refused(wrong)


@pytest.mark.parametrize("wrong", [0.0, -25.0, math.nan, math.inf])
def test_a_density_is_a_finite_number_above_zero(wrong):
    with pytest.raises(ValueError, match="not above 0"):
        pixels_per_metre(wrong)


@pytest.mark.parametrize("wrong", [None, True, [25]])
def test_a_level_is_a_name_or_a_number(wrong):
    with pytest.raises(TypeError, match="neither a name nor"):
        pixels_per_metre(wrong)


def test_a_typed_level_is_a_name_or_a_number():
    assert parsed_level(" observe ") == "observe"
    assert parsed_level("62.5") == 62.5
    with pytest.raises(ValueError, match="not above 0"):
        parsed_level("-3")


def test_examples_in_the_docstrings_are_true():
    failed, tried = doctest.testmod(levels)
    assert tried and not failed
