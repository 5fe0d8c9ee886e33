"""Every kind of finding against scenes made by hand, and datums against real shifts of a town's streets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import settings as settings_of_law
from hypothesis import strategies as st
from shapely import LineString, Point, box

from cameras.audit import KINDS, SEVERITIES, AuditScene, AuditSettings, audit, corrected
from cameras.audit.codes import counties
from cameras.audit.datums import hypotheses
from cameras.audit.run import CHECKS
from geo.crs import metric_crs, to_lonlat, to_metric
from geo.datums import from_wgs84, to_wgs84
from geo.errors import Sentence
from geo.synthetic import synthetic_town

CRS = metric_crs((116.6, 23.2, 116.7, 23.3))
X, Y = 459_000.0, 2_570_000.0
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TREE = pd.DataFrame(
    {
        "path": ["c", "c.d", "c.d.t", "c.e"],
        "code": ["440500", "440513", "440513001", "440515"],
        "name": ["汕头市", "潮阳区", "文光街道", "澄海区"],
    }
)
GOOD: dict[str, Any] = {
    "name": "路口",
    "azimuth_deg": 90.0,
    "azimuth_quality": "measured",
    "tilt_deg": 15.0,
    "hfov_deg": 90.0,
    "vfov_deg": 58.7,
    "width_px": 1920.0,
    "height_px": 1080.0,
    "mount_height_m": 4.0,
    "ptz": False,
    "jurisdiction_path": "c.d.t",
    "batch_id": 1,
    "civil_code": "440513",
    "address": "",
    "focal_mm": 2.8,
    "sensor_width_mm": 5.6,
    "ip_address": "",
    "room_type": 1,
    "mobile_device": np.nan,
    "ptz_type": np.nan,
}


def code(n: int, county: str = "440513", kind: str = "131") -> str:
    return f"{county}0000{kind}0{n:06d}"


def scene(*rows: dict[str, Any], **parts: Any) -> AuditScene:
    """Cameras 20 m apart north of a street along y = Y, each good but for what a row says of it."""
    made = [
        {**GOOD, "code": code(n), "name": f"下寨村{n}号路口", "geometry": Point(X + 20 * n, Y + 5), **row}
        for n, row in enumerate(rows, start=1)
    ]
    columns = [*GOOD, "code", "geometry"]
    frame = gpd.GeoDataFrame(
        made, columns=columns, geometry="geometry", crs=CRS, index=range(11, 11 + len(made))
    )
    given_: dict[str, Any] = {
        "jurisdictions": TREE,
        "streets": gpd.GeoSeries([LineString([(X - 500, Y), (X + 5000, Y)])], crs=CRS),
        "obstructions": gpd.GeoSeries([box(X, Y + 100, X + 20, Y + 120)], crs=CRS),
        "batches": pd.DataFrame(
            {"file_name": ["a.csv"], "datum": ["wgs84"], "imported_at": [NOW - timedelta(days=90)]}, index=[1]
        ),
        "last_frames": pd.Series(NOW - timedelta(hours=1), index=frame.index),
    }
    return AuditScene(cameras=frame, now=NOW, **(given_ | parts))


def kinds_of(found: AuditScene, settings: AuditSettings | None = None) -> set[tuple[str, str]]:
    """(kind, code of the camera) of everything found."""
    findings = audit(found, settings).findings
    return set(zip(findings["kind"], findings["subject"], strict=True))


def test_a_good_record_has_no_finding_and_every_kind_was_looked_for() -> None:
    found = audit(scene({}, {}, {}))
    assert found.findings.empty and found.checked == tuple(KINDS)
    assert audit(scene()).findings.empty


# One camera, what is wrong with it, and a number that the evidence must name; worked by hand.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("code_ruined", {"code": "4.40513E+19"}, "4.40513E+19"),
    ("code_ruined", {"code": "44051300001310100000"}, "last five digits"),
    ("code_malformed", {"code": "4405130000131000001"}, "19 digits instead of 20"),
    ("code_malformed", {"code": "４４０５１３００００１３１０００００１９"}, "full-width"),
    ("code_malformed", {"code": "N-07"}, "not made of 20 digits"),
    ("code_type", {"code": code(7, kind="118")}, "a network video recorder"),
    ("code_elsewhere", {"code": code(7, county="440515")}, "440515; the camera stands in 潮阳区 (440513)"),
    ("code_elsewhere", {"code": code(7, county="441500")}, "441500"),
    ("area_elsewhere", {"civil_code": "44051500"}, "440515"),
    ("outside", {"jurisdiction_path": None}, "lies in no jurisdiction"),
    ("inside_building", {"geometry": Point(X + 3, Y + 110)}, "3 m inside"),
    ("far_from_street", {"geometry": Point(X, Y + 80)}, "80 m away"),
    ("no_azimuth", {"azimuth_deg": np.nan, "azimuth_quality": "unknown"}, "no direction"),
    ("coarse_azimuth", {"azimuth_quality": "coarse"}, "90° from a compass point"),
    ("no_height", {"mount_height_m": np.nan}, "no mounting height"),
    ("height_odd", {"mount_height_m": 0.4}, "0.4 m above the ground"),
    ("height_odd", {"mount_height_m": 120.0}, "120 m above the ground"),
    ("tilt_up", {"tilt_deg": -15.0}, "-15°"),
    # A 6 mm lens before a 5.6 mm sensor sees 2 atan(2.8 / 6) = 50.03°.
    ("lens_disagrees", {"focal_mm": 6.0}, "the lens gives 50°"),
    # 90° across 16:9 is 58.7° high; 90° high would be a square picture.
    ("aspect_disagrees", {"vfov_deg": 90.0}, "give 58.7°"),
]


@pytest.mark.parametrize(("kind", "wrong", "evidence"), WRONG)
def test_each_wrong_record_has_its_finding_and_the_others_have_none(
    kind: str, wrong: dict[str, Any], evidence: str
) -> None:
    made = scene({}, wrong, {}, {})
    found = audit(made).findings
    of_it = found[found["kind"] == kind]
    assert of_it["subject"].tolist() == [made.cameras["code"].iloc[1]]
    assert of_it["camera"].tolist() == [12] and evidence in of_it["evidence"].iloc[0]
    # A camera deep in the block is far from the street as well.
    assert set(found["kind"]) - {kind} <= {"far_from_street"} and set(found["camera"]) == {12}


@pytest.mark.parametrize(
    "fine",
    [
        {"code": code(7, county="440500")},  # the city's own platform
        {"geometry": Point(X + 0.3, Y + 110), "name": "n"},  # on the façade, as well as it is drawn
        {"geometry": Point(X + 5, Y + 110), "room_type": 2},  # said to be indoors
        {"azimuth_deg": np.nan, "azimuth_quality": "unknown", "hfov_deg": 360.0, "vfov_deg": 90.0},
        {"azimuth_deg": np.nan, "azimuth_quality": "unknown", "ptz_type": 6},  # panoramic
        {"mount_height_m": np.nan, "mobile_device": 4},  # on a vehicle
        {"tilt_deg": -15.0, "ptz": True},  # a dome that looks up a little still sees the ground
        {"focal_mm": 60.0, "ptz": True},  # a zoom
    ],
)
def test_what_has_a_good_reason_is_no_finding(fine: dict[str, Any]) -> None:
    assert kinds_of(scene({}, fine), AuditSettings(street_m=1000.0)) == set()


def test_a_code_of_the_sites_own_is_judged_only_where_most_are_of_the_standard() -> None:
    own = [{"code": f"osm-n{n}", "civil_code": ""} for n in range(3)]
    assert kinds_of(scene(*own)) == set()
    assert len(kinds_of(scene(*own), AuditSettings(codes="always"))) == 3
    # Nineteen digits were meant to be twenty, wherever they stand.
    assert ("code_malformed", "4405130000131000001") in kinds_of(scene(*own, {"code": "4405130000131000001"}))
    assert kinds_of(scene({}, {}, {"code": "N-07"}), AuditSettings(codes="never")) == set()


def test_the_serial_of_another_county_is_a_twin_only_with_more_in_common() -> None:
    """Counties number on their own: 000001 stands in each of them."""
    alone = scene({}, {"code": code(1, county="440515"), "jurisdiction_path": "c.e", "civil_code": "440515"})
    assert kinds_of(alone) == set()
    twin = {"code": code(1, county="440515"), "jurisdiction_path": "c.e", "civil_code": "440515"}
    for common in ({"name": "下寨村1号路口"}, {"geometry": Point(X + 20.2, Y + 5), "azimuth_deg": 200.0}):
        assert kinds_of(scene({}, twin | common)) == {
            ("code_twice", code(1)),
            ("code_twice", code(1, county="440515")),
        }
    # A name that many have tells nothing.
    namesakes = [{"name": "公共视频监控"} for _ in range(5)]
    assert kinds_of(scene(*namesakes, twin | {"name": "公共视频监控"})) == set()


def test_two_fixed_cameras_of_one_pole_and_one_direction_are_told() -> None:
    pole = Point(X, Y + 5)
    one, other = (
        {"geometry": pole, "azimuth_deg": 358.0},
        {"geometry": Point(X + 0.2, Y + 5), "azimuth_deg": 2.0},
    )
    twins = {("duplicate_pose", code(1)), ("duplicate_pose", code(2))}
    assert kinds_of(scene(one, other)) == twins
    assert kinds_of(scene(one, {"geometry": pole, "azimuth_deg": 180.0}, other)) == {
        ("duplicate_pose", code(1)),
        ("duplicate_pose", code(3)),
    }
    for apart in (
        {"azimuth_deg": 20.0},
        {"ptz": True},
        {"hfov_deg": 30.0, "vfov_deg": 17.1, "focal_mm": 10.45},
        {"geometry": Point(X + 2, Y + 5)},
    ):
        assert kinds_of(scene(one, other | apart)) == set(), apart


def test_a_crowd_at_one_position_is_one_finding_each_and_not_pairs_of_twins() -> None:
    station = [{"geometry": Point(X, Y + 5), "azimuth_deg": 90.0} for _ in range(6)]
    assert kinds_of(scene(*station, {})) == {("crowded_position", code(n)) for n in range(1, 7)}
    few = [one | {"azimuth_deg": 60.0 * n} for n, one in enumerate(station[:5])]
    assert kinds_of(scene(*few)) == set()


def test_an_address_of_many_cameras_far_apart_is_the_stations() -> None:
    at = {"address": "公安路1号"}
    near = AuditSettings(most_at_address=3)
    spread = [at | {"geometry": Point(X + 100 * n, Y + 5)} for n in range(4)]
    found = audit(scene(*spread, {"geometry": Point(X + 50, Y + 5)}), near).findings
    assert set(found["kind"]) == {"crowded_address"} and len(found) == 4
    assert "4 cameras over 300 m" in found["evidence"].iloc[0]
    assert kinds_of(scene(*(at for _ in range(4))), near) == set()


def test_silence_is_counted_in_days_and_its_mark_is_the_last_frame() -> None:
    last = pd.Series({11: NOW - timedelta(days=8), 12: NOW - timedelta(days=6)})
    made = scene({}, {}, {}, last_frames=last)
    found = audit(made).findings.set_index("camera")
    assert found["kind"].to_dict() == {11: "long_unseen", 13: "never_seen"}
    assert found.at[11, "value"] == 8.0 and found.at[11, "mark"] == "2026-11-14T12:00:00+00:00"
    # What came yesterday may be silent for a week; without any frame on the site nothing is said.
    young = made.batches.assign(imported_at=NOW - timedelta(days=1))
    assert kinds_of(scene({}, last_frames=last.iloc[1:], batches=young)) == set()
    assert "never_seen" not in audit(scene({}, last_frames=None)).checked


def test_a_check_without_its_column_or_part_is_left_out_and_says_so() -> None:
    bare = scene({"civil_code": "440515"}, {})
    less = bare.cameras.drop(columns=["civil_code", "focal_mm", "address", "jurisdiction_path", "ip_address"])
    found = audit(AuditScene(less, *(getattr(bare, name) for name in list(bare.__dataclass_fields__)[1:])))
    left_out = {"area_elsewhere", "lens_disagrees", "crowded_address", "outside", "code_elsewhere"}
    assert set(KINDS) - set(found.checked) == left_out and found.findings.empty


def test_frames_in_degrees_are_refused() -> None:
    made = scene({})
    with pytest.raises(ValueError, match="metres"):
        audit(
            AuditScene(
                to_lonlat(made.cameras), *(getattr(made, n) for n in list(made.__dataclass_fields__)[1:])
            )
        )


def test_a_county_is_told_by_the_uppermost_code_that_is_one() -> None:
    tree = pd.DataFrame(
        {
            "path": ["hel", "p", "p.c", "p.c.d", "p.c.d.x"],
            "code": ["hel", "440000", "441900", "441900003", "110101"],
            "name": list("abcde"),
        }
    )
    # 东莞 has towns and no counties: the city is all that its codes tell.
    assert counties(tree)["county"].to_dict() == {
        "hel": "",
        "p": "",
        "p.c": "4419",
        "p.c.d": "4419",
        "p.c.d.x": "110101",
    }


# --- Datums: against the published transforms ------------------------------


@pytest.fixture(scope="module")
def town() -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
    """(streets in metres, 300 cameras beside them in EPSG:4326) of the invented town, near 116.6° E."""
    made = synthetic_town(1)
    extract = made.extract()
    streets = to_metric(extract.road_edges, metric_crs(extract.road_edges)).geometry
    return streets, beside(streets, 300)


def beside(streets: gpd.GeoSeries, count: int) -> gpd.GeoSeries:
    """Points 3 to 8 m off streets taken at random, in EPSG:4326."""
    rng = np.random.default_rng(3)
    picked = streets.iloc[rng.integers(0, len(streets), count)].to_numpy()
    at = shapely.get_coordinates(shapely.line_interpolate_point(picked, rng.random(count), normalized=True))
    turn = rng.uniform(0, 2 * np.pi, count)
    off = rng.uniform(3, 8, count)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return gpd.GeoSeries(shapely.points(at + off), crs=streets.crs).to_crs(4326)


def listed(truth: gpd.GeoSeries, was: str, said: str, streets: gpd.GeoSeries) -> AuditScene:
    """The cameras as stored: given in the datum `was`, taken in as `said`."""
    x, y = truth.x.to_numpy(), truth.y.to_numpy()
    if was.startswith("over_"):
        x, y = to_wgs84(x, y, was.removeprefix("over_"))
    else:
        x, y = from_wgs84(x, y, was)
    stored = gpd.GeoSeries(gpd.points_from_xy(*to_wgs84(x, y, said)), crs=4326).to_crs(streets.crs)
    rows = [{"geometry": point} for point in stored]
    made = scene(*rows, streets=streets, obstructions=gpd.GeoSeries([], crs=streets.crs))
    made.cameras.set_crs(streets.crs, allow_override=True, inplace=True)
    return AuditScene(
        made.cameras, TREE, streets, made.obstructions, made.batches.assign(datum=said), None, NOW
    )


CASES = [(was, said) for was in ("wgs84", "gcj02", "bd09") for said in ("wgs84", "gcj02", "bd09")]


@pytest.mark.parametrize(("was", "said"), [*CASES, ("over_gcj02", "wgs84"), ("over_bd09", "cgcs2000")])
def test_a_wrong_datum_is_found_and_the_right_one_never(was: str, said: str, town: Any) -> None:
    streets, truth = town
    found = audit(listed(truth, was, said, streets)).findings
    told = found[found["kind"] == "datum_wrong"]
    if was == said:
        assert told.empty
        return
    assert told["mark"].tolist() == [f"{said}>{was}"] and told["batch"].tolist() == [1]
    assert isinstance(told["evidence"].iloc[0], Sentence)
    assert re.search(r"of 300 positions of a\.csv, \d+ % .* and (9\d|100) % ", told["evidence"].iloc[0])


@pytest.mark.parametrize(("was", "said"), [("gcj02", "wgs84"), ("wgs84", "bd09"), ("over_gcj02", "wgs84")])
def test_the_preview_puts_cameras_back_where_they_stand(was: str, said: str, town: Any) -> None:
    """To the centimetre; and what is stored is not touched."""
    streets, truth = town
    stored = to_lonlat(listed(truth, was, said, streets).cameras).geometry.reset_index(drop=True)
    before = stored.copy()
    put = corrected(stored, said, was)
    assert put.to_crs(CRS).distance(truth.to_crs(CRS)).max() < 0.01
    assert stored.to_crs(CRS).distance(truth.to_crs(CRS)).min() > 50.0 and stored.equals(before)


def test_few_cameras_or_one_street_prove_no_datum(town: Any) -> None:
    streets, truth = town
    few = audit(listed(truth.iloc[:19], "gcj02", "wgs84", streets)).findings
    assert "datum_wrong" not in set(few["kind"])
    # A row of poles in a factory yard that a shift of GCJ-02 would put onto a street.
    street = gpd.GeoSeries([LineString([(X, Y), (X + 900, Y)])], crs=CRS)
    row = gpd.GeoSeries([Point(X + 30.0 * n, Y + 3) for n in range(25)], crs=CRS).to_crs(4326)
    assert "datum_wrong" not in set(audit(listed(row, "gcj02", "wgs84", street)).findings["kind"])


@settings_of_law(max_examples=8)
@given(seed=st.integers(0, 10_000))
def test_cameras_that_stand_anywhere_are_given_no_datum(seed: int, town: Any) -> None:
    """Law: where no hypothesis explains the positions, none is told."""
    streets, _ = town
    west, south, east, north = streets.total_bounds
    rng = np.random.default_rng(seed)
    spots = np.column_stack([rng.uniform(west, east, 200), rng.uniform(south, north, 200)])
    anywhere = gpd.GeoSeries(shapely.points(spots), crs=streets.crs).to_crs(4326)
    assert "datum_wrong" not in set(audit(listed(anywhere, "wgs84", "wgs84", streets)).findings["kind"])


# --- Kinds -----------------------------------------------------------------


def test_every_kind_has_a_check_words_and_its_row_in_the_documentation() -> None:
    assert set(CHECKS) == set(KINDS)
    page = (Path(__file__).resolve().parent.parent / "docs" / "audit.md").read_text(encoding="utf8")
    rows = {
        row[0]: row
        for row in (re.split(r" \| ", line.strip("| ")) for line in page.splitlines())
        if len(row) == 5
    }
    for name, kind in KINDS.items():
        assert kind.severity in SEVERITIES and kind.title and kind.meaning and kind.remedy
        assert all(hasattr(AuditSettings(), one) for one in kind.settings)
        said = rows[f"`{name}`"]
        assert said[1] == kind.severity
        assert all(f"`checks.{one}`" in said[4] for one in kind.settings)


def test_hypotheses_never_hold_what_was_said() -> None:
    for said in ("wgs84", "cgcs2000", "gcj02", "bd09"):
        assert said not in hypotheses(said)


@pytest.mark.parametrize(
    "wrong", [{"codes": "some"}, {"street_m": 0.0}, {"most_at_place": 0}, {"lowest_m": 5.0, "highest_m": 4.0}]
)
def test_a_threshold_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(reversed(wrong)).split("_")[0]):
        AuditSettings(**wrong)
