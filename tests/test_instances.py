"""Published routing problems as patrol problems: what is read, and what is compared with what."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bench import instances
from bench.best_known import CHAO_4, SOLOMON
from bench.instances import chao, compared, files, read, solomon
from patrols.check import violations
from patrols.solve import Budget, solve

# Three customers on a line east of the depot, 10, 20 and 30 away, and one 7.07 away in the north-east.
SMALL = """tiny

VEHICLE
NUMBER     CAPACITY
  2         {capacity}

CUSTOMER
CUST NO.   XCOORD.   YCOORD.    DEMAND   READY TIME   DUE DATE   SERVICE TIME

    0       0    0    0    0   100    0
    1      10    0    4   {first}
    2      20    0    4    0   100    5
    3      30    0    4    0   100    5
    4       5    5    4    0   100    5
"""
# From (0, 0) to (10, 0); a place on the way, one 3 beside it, one too far.
CHAO = "n 5\nm 1\ntmax 11.7\n0\t0\t0\n5\t0\t4\n5\t3\t6\n5\t9\t50\n10\t0\t0\n"


def small(capacity=100, first="0   100    5"):
    return solomon(SMALL.format(capacity=capacity, first=first).replace("\n", "\r\n"))


def solved(instance):
    plan = solve(instance.problem, budget=Budget(iterations=(300,)), seed=1, even=0.0)
    assert violations(instance.problem, plan) == []
    return plan


def test_solomons_distances_are_cut_to_one_decimal():
    instance = small()
    between = instance.problem.distance_m["car"]
    # 7.0710... and the root of 15 squared and 5 squared, 15.811...
    assert between[0].tolist() == [0, 100, 200, 300, 70] and between[4, 2] == 158
    assert instance.problem.duration_s["car"].tolist() == between.tolist()
    stops = instance.problem.stops
    assert stops["service_s"].tolist() == [50] * 4 and stops["required"].all()
    assert instance.problem.windows[["start_s", "end_s"]].drop_duplicates().values.tolist() == [[0, 1000]]
    assert len(instance.problem.teams) == 2 and set(instance.problem.teams["end_s"]) == {1000}
    assert (instance.name, instance.best, instance.capacity) == ("TINY", None, 100)


def test_the_shortest_way_round_is_found_and_measured():
    """Along the line and back by the one in the north-east: 30.0, 25.4 and 7.0, in one route."""
    instance = small()
    plan = solved(instance)
    assert instance.figure(plan) == 62.4 and plan.visits["team_id"].nunique() == 1


@pytest.mark.parametrize(
    ("first", "order"), [("0    10    5", [1, 2, 3, 4]), ("55   100    5", [4, 3, 2, 1])]
)
def test_a_window_says_which_way_round(first, order):
    instance = small(first=first)
    plan = solved(instance)
    assert plan.visits.sort_values("seq")["stop_id"].tolist() == order and instance.figure(plan) == 62.4


def test_no_route_carries_more_than_the_capacity():
    """Four customers of 4 each and two vehicles of 15: the nearest two ways out that hold all."""
    instance = small(capacity=15)
    row = instances._solved(instance, Budget(iterations=(300,)), 1)
    assert (row["overloaded_routes"], row["violations"], row["routes"]) == (0, 0, 2)
    # 14.0 for the one beside the line alone, and 60.0 for the others.
    assert row["found"] == 74.0
    assert instances._solved(small(capacity=16), Budget(iterations=(300,)), 1)["found"] == 62.4
    assert instance.overloaded(solved(instance)) == 1, "a search that is not told of loads carries too much"


def test_chaos_ways_are_rounded_up_and_the_limit_down():
    """By the place beside the way it is twice the root of 34: 11.6619, and both places are one too many."""
    instance = chao(CHAO, "p4.9.z")
    between = instance.problem.distance_m["car"]
    assert between[0, 2] == 58310 and between[0, 4] == 100_000
    assert set(instance.problem.teams["end_s"]) == {117_000} and instance.capacity is None
    plan = solved(instance)
    assert plan.visits["stop_id"].tolist() == [2] and instance.figure(plan) == 6.0
    assert plan.unreachable == (3,)
    # 5 + 3 + the root of 34: 13.831
    assert instance.figure(solved(chao(CHAO.replace("11.7", "13.84"), "x"))) == 10.0
    assert chao(CHAO.replace("\t", ";").replace(" ", ";"), "x").problem.same_as(instance.problem)


def test_gaps_count_upwards_for_distances_and_downwards_for_scores():
    long = chao(CHAO, "p4.2.a")
    assert long.best == 206 and long.gap_percent(103.0) == 50.0
    short = solomon(SMALL.replace("tiny", "R101").format(capacity=9, first="0 100 5"))
    assert short.best == 1637.7 and short.gap_percent(1637.7 * 1.5) == pytest.approx(50.0)


def test_a_set_is_summed_up_with_its_worst(tmp_path: Path):
    for name in ("p4.3.b", "p4.3.c", "other"):
        (tmp_path / f"{name}.txt").write_text(CHAO)
    (tmp_path / "tiny.txt").write_text(SMALL.format(capacity=100, first="0 100 5"))
    found = compared(files([tmp_path]), seconds=0.05)
    assert set(found) == {"chao", "solomon"} and set(found["chao"]) == {"all", "p4.3.b", "p4.3.c", "other"}
    told = found["chao"]["all"]
    assert (told["instances"], told["compared"], told["violations"]) == (3, 2, 0)
    # 6 of 38 and of 193
    assert told["worst"] == "p4.3.c" and told["worst_gap_percent"] == pytest.approx(100 * 187 / 193)
    assert told["average_gap_percent"] == pytest.approx((100 * 32 / 38 + 100 * 187 / 193) / 2)
    assert found["solomon"]["all"] == {"instances": 1, "compared": 0, "overloaded": 0, "violations": 0}


def test_without_instances_the_benchmark_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv(instances.VARIABLE, raising=False)
    assert "LIANFANG_BENCH_INSTANCES names no folder" in instances.run()["not_run"]
    monkeypatch.setenv(instances.VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match=r"no \.txt file there"):
        instances.run()


def test_a_file_of_another_form_is_named(tmp_path: Path):
    path = tmp_path / "a.txt"
    bad = SMALL.format(capacity=9, first="0 100 5")
    for text, told in (
        ("", "no instance of Solomon"),
        (bad.replace("    4       5", "    9       5"), "numbered from 0"),
        (bad.replace("  2         9", "  2"), "no instance of Solomon"),
        (CHAO.replace("n 5", "n 6"), "no instance of Chao"),
        (CHAO.replace("tmax", "t"), "no instance of Chao"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=rf"a\.txt: .*{told}"):
            read(path)


def test_the_best_known_figures_are_of_all_instances():
    """56 of Solomon's, and 56 of Chao's 60: in the others nothing is within reach."""
    counts = pd.Series(list(SOLOMON)).str.extract(r"^([A-Z]+)(\d)")
    assert counts.value_counts().to_dict() == {
        ("R", "1"): 12, ("R", "2"): 11, ("C", "1"): 9, ("C", "2"): 8, ("RC", "1"): 8, ("RC", "2"): 8,
    }  # fmt: skip
    assert len(CHAO_4) == 56
    for team in "234":
        scores = [value for name, value in CHAO_4.items() if name[3] == team]
        assert scores == sorted(scores)
