"""New, still, restored since yesterday, and what went together."""

import numpy as np
import pandas as pd
import pytest

from cameras.losses import LossSettings, losses
from cameras.repository import results
from cameras.services.reporting import morning_losses
from geo.db import transaction
from geo.scope import WHOLE_SITE

H = 3_600_000
DAY = (0, 24 * H)


def segments(**cameras: list[tuple]) -> pd.DataFrame:
    """Segments of cameras c1, c2 …: (until hour, state, reason); they tile the day from hour 0."""
    rows = []
    for name, pieces in cameras.items():
        begin = 0.0
        for until, state, reason, *moved in pieces:
            rows.append((int(name[1:]), int(begin * H), int(until * H), state, reason, bool(moved)))
            begin = until
    return pd.DataFrame(rows, columns=["camera", "start_ms", "end_ms", "state", "reason", "moved"])


def sources(parents: dict[int, str | None], source: str | None = "gw") -> pd.DataFrame:
    return pd.DataFrame({"parent": pd.Series(parents, dtype=object), "source": source})


def test_a_camera_is_new_still_or_restored_by_the_ends_of_the_day() -> None:
    """By hand: lost from 6 to the end is new; all day is still; 6 to 8 is restored; never lost has no row."""
    day = segments(
        c1=[(6, "usable", ""), (24, "outage", "lost")],
        c2=[(24, "outage", "lost")],
        c3=[(6, "usable", ""), (8, "degraded", "dark"), (24, "usable", "")],
        c4=[(24, "usable", "")],
        c5=[(20, "usable", ""), (24, "usable", "", "moved")],
    )
    found = losses(day, DAY, sources(dict.fromkeys(range(1, 6)))).set_index("camera")
    assert found["change"].to_dict() == {1: "new", 2: "still", 3: "restored", 5: "new"}
    assert found["kind"].to_dict() == {1: "outage", 2: "outage", 3: "degraded", 5: "moved"}
    assert found.loc[3, ["since_ms", "until_ms"]].tolist() == [6 * H, 8 * H]
    assert found.loc[1, ["since_ms", "until_ms"]].tolist() == [6 * H, -1]
    assert found["common"].eq("").all() and found["group"].is_unique


def test_touching_losses_are_one_told_by_its_last_kind() -> None:
    """Dark from 6, lost from 7: lost since 6."""
    day = segments(c1=[(6, "usable", ""), (7, "degraded", "dark"), (24, "outage", "lost")])
    (row,) = losses(day, DAY, sources({1: None})).to_dict("records")
    assert (row["kind"], row["reason"], row["since_ms"]) == ("outage", "lost", 6 * H)


def test_the_end_of_one_camera_does_not_touch_the_start_of_the_next() -> None:
    """Camera 1 is lost at the end of its day, camera 2 at the start of its own: two losses."""
    day = segments(
        c1=[(20, "usable", ""), (24, "outage", "lost")], c2=[(4, "outage", "lost"), (24, "usable", "")]
    )
    found = losses(day, DAY, sources({1: None, 2: None})).set_index("camera")
    assert found["change"].to_dict() == {1: "new", 2: "restored"}


def test_cameras_of_one_recorder_that_go_together_are_one_line() -> None:
    """Three of four within 5 minutes are the recorder; the fourth, hours later, is a camera."""
    day = segments(
        c1=[(6, "usable", ""), (24, "outage", "lost")],
        c2=[(6.05, "usable", ""), (24, "outage", "lost")],
        c3=[(6.1, "usable", ""), (24, "outage", "lost")],
        c4=[(15, "usable", ""), (24, "outage", "lost")],
        c5=[(6, "usable", ""), (24, "outage", "lost")],
    )
    found = losses(day, DAY, sources({1: "nvr", 2: "nvr", 3: "nvr", 4: "nvr", 5: None})).set_index("camera")
    assert found["common"].to_dict() == {1: "nvr", 2: "nvr", 3: "nvr", 4: "", 5: ""}
    assert found.groupby("group").size().sort_values().tolist() == [1, 1, 3]
    assert found["group"].iloc[0] == 0 and found.index[:3].tolist() == [1, 2, 3], "the greatest group first"


def test_two_of_many_cameras_are_not_their_recorder() -> None:
    """Two of six on one recorder: a third, below the half that is asked for."""
    day = segments(
        c1=[(6, "usable", ""), (24, "outage", "lost")],
        c2=[(6, "usable", ""), (24, "outage", "lost")],
        **{f"c{n}": [(24, "usable", "")] for n in range(3, 7)},
    )
    parents = sources(dict.fromkeys(range(1, 7), "nvr"))
    assert losses(day, DAY, parents)["common"].eq("").all()
    assert losses(day, DAY, parents, LossSettings(share=1 / 3))["common"].eq("nvr").all()


def test_a_silent_gateway_groups_by_the_gateway_not_by_the_recorder() -> None:
    """What they share is what fell silent."""
    day = segments(
        c1=[(6, "usable", ""), (24, "not_measured", "source_silent")],
        c2=[(6, "usable", ""), (24, "not_measured", "source_silent")],
    )
    found = losses(day, DAY, sources({1: "nvr-a", 2: "nvr-b"}, source="gw-7"))
    assert found["common"].tolist() == ["gw-7", "gw-7"] and found["group"].nunique() == 1


def test_a_moment_is_not_told_unless_it_lasts() -> None:
    """Five minutes that were over are left out; the last five of the day are not over."""
    short = 5 / 60
    day = segments(
        c1=[(6, "usable", ""), (6 + short, "outage", "lost"), (24, "usable", "")],
        c2=[(24 - short, "usable", ""), (24, "outage", "lost")],
    )
    assert losses(day, DAY, sources({1: None, 2: None}))["camera"].tolist() == [2]


def test_a_quiet_day_has_no_rows_and_all_columns() -> None:
    """Nothing lost, or no cameras at all."""
    for day in (segments(c1=[(24, "usable", "")]), segments()):
        found = losses(day, DAY, sources({1: None}))
        assert found.empty and {"camera", "change", "group", "common"} <= set(found.columns)


@pytest.mark.parametrize("wrong", [{"shortest_s": -1}, {"fewest": 1}, {"share": 0}, {"share": 1.1}])
def test_settings_without_sense_are_refused(wrong: dict) -> None:
    """In words."""
    with pytest.raises(ValueError, match=r"seconds|share"):
        LossSettings(**wrong)


def test_an_empty_period_is_refused() -> None:
    """It has no start and end to compare."""
    with pytest.raises(ValueError, match="empty"):
        losses(segments(c1=[(24, "usable", "")]), (5, 5), sources({1: None}))


def test_every_camera_has_at_most_one_row_and_the_groups_are_dense() -> None:
    """A law, on random days."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        cameras = {}
        for n in range(1, 9):
            cuts = np.sort(rng.choice(np.arange(1, 24), size=3, replace=False)).tolist()
            cuts = [*cuts, 24]
            states = rng.choice(["usable", "outage", "degraded"], size=4)
            cameras[f"c{n}"] = [
                (c, s, "" if s == "usable" else "lost") for c, s in zip(cuts, states, strict=True)
            ]
        parents = {n: rng.choice(["a", "b", None]) for n in range(1, 9)}
        found = losses(segments(**cameras), DAY, sources(parents))
        assert found["camera"].is_unique
        assert sorted(found["group"].unique()) == list(range(found["group"].nunique()))
        at_end = {int(k[1:]) for k, v in cameras.items() if v[-1][1] != "usable"}
        assert set(found.loc[found["change"] != "restored", "camera"]) == at_end


def test_the_demos_recorder_and_gateway_are_named(demo) -> None:
    """The planted loss of eight cameras on one recorder is one line with its code, and so is the gateway."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        latest = results.latest_analysis(session)
        assert latest is not None
        found = morning_losses(session, latest.id)
    groups = found[found["common"] != ""].groupby(["common", "kind"]).size()
    assert any(kind == "outage" and count == 8 for (_, kind), count in groups.items()), groups
    assert any(kind == "not_measured" for _, kind in groups.index), groups
    assert found["code"].notna().all()
