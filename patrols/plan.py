"""A patrol plan: who visits what when, what it claims to be worth, and its file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputRefused
from patrols import columns as read
from patrols.columns import Identifier
from patrols.problem import CrossRule, PatrolProblem

FORMAT = "lianfang-plan/1"
VISIT_COLUMNS = ("team_id", "seq", "stop_id", "arrive_s", "start_s", "end_s", "backwards")
STATUSES = ("iterations", "seconds", "aborted")
# "rolling" is what plans of before say: two stages of a vehicle-routing search.
METHODS = ("greedy", "rolling", "search")


@dataclass(frozen=True, eq=False)
class PatrolPlan:
    """Timed visits of every team, with what the plan says of itself.

    Parameters
    ----------
    visits : DataFrame
        team_id, seq (order within the team, from 1), stop_id, arrive_s, start_s, end_s: arrival at
        the stop, start and end of the service, seconds from the problem's origin; backwards (bool, False
        where it is left out): whether a stretch is gone through from its end to its beginning. A visit whose
        arrival leaves time after the leg before it is one where the team left later: that time was
        spent at the place before, for a break or for rest.
    value : int or float
        Sum of the prizes of the crossed stops; whole for whole prizes.
    crossed, unreachable : tuple of stop_id
        Stops that the plan crosses, and stops that no two teams of different villages could each
        visit (see `patrols.reach.reachable_stops`), in the order of the problem's stops.
    upper_bound : int or float
        No plan of this problem is worth more.
    seed : int
    iterations : tuple of int
        Iterations used, and the one from which on the search was cold; with these as
        `Budget.iterations` and the same seed the same plan comes out.
    status : str
        What ended the search: "iterations", "seconds" or "aborted".
    method : str
        How the plan was found: "greedy" (put together at once), "search", or "rolling" (in files of before).

    Raises
    ------
    TypeError, ValueError
        For a missing column, a time that is not whole, an unknown status.
    """

    visits: pd.DataFrame
    value: float
    crossed: tuple[Identifier, ...]
    unreachable: tuple[Identifier, ...]
    upper_bound: float
    seed: int
    iterations: tuple[int, ...]
    status: str
    method: str = "search"

    def __post_init__(self) -> None:
        """Check every part and keep a clean copy of it."""
        parts = {
            "visits": _visits(self.visits),
            "value": _amount(self.value, "value"),
            "crossed": tuple(read.identifiers(_several(self.crossed, "crossed"), "crossed")),
            "unreachable": tuple(read.identifiers(_several(self.unreachable, "unreachable"), "unreachable")),
            "upper_bound": _amount(self.upper_bound, "upper_bound"),
            "seed": read.whole(self.seed, "seed", 0, 2**32 - 1),
            "iterations": tuple(
                read.whole(n, "iterations", 0, 2**53) for n in _several(self.iterations, "iterations")
            ),
        }
        for name, allowed in (("status", STATUSES), ("method", METHODS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; give one of {', '.join(allowed)}")
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    def same_as(self, other: PatrolPlan) -> bool:
        """Whether both say the same, number for number."""
        return self.visits.equals(other.visits) and all(
            getattr(self, field.name) == getattr(other, field.name)
            for field in fields(self)
            if field.name != "visits"
        )

    def to_json(
        self,
        problem: PatrolProblem | None = None,
        *,
        road_revision: str | None = None,
        places: ArrayLike | None = None,
        snap_limit_m: float | None = None,
    ) -> str:
        """The plan as the text of a plan file.

        Parameters
        ----------
        problem : PatrolProblem, optional
            The problem it answers. Without it the file can be read, but not checked.
        road_revision : str, optional
            Revision of the roads that the travel times came from.
        places : (n, 2) array_like, optional
            Longitude and latitude (WGS 84, degrees) of every node of the problem's matrices, so that a
            checker can work the travel times out again from roads.
        snap_limit_m : float, optional
            With `places`: the limit the matrices were made with, metres (`RoadNetwork.matrix`).

        Returns
        -------
        str
            JSON, format "lianfang-plan/1", the same text for the same plan.

        Raises
        ------
        ValueError
            For places without a problem or a limit, or not one for every node.
        """
        document: dict[str, Any] = {
            "format": FORMAT,
            "problem": None if problem is None else _problem_document(problem),
            "plan": _plan_document(self),
            "road_revision": road_revision,
        }
        if places is not None or snap_limit_m is not None:
            rows = None if places is None else np.asarray(places, np.float64).tolist()
            where, limit = _where(rows, snap_limit_m, problem)
            document |= {"places": where.tolist(), "snap_limit_m": limit}
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> PatrolPlan:
        """The plan in the text of a plan file; `read_plan` gives its problem too.

        Raises
        ------
        InputRefused
            When the text is damaged or of another format.
        """
        return read_plan(text).plan


@dataclass(frozen=True, eq=False)
class PlanFile:
    """What a plan file holds.

    Parameters
    ----------
    plan : PatrolPlan
    problem : PatrolProblem or None
        None where it was left out.
    road_revision : str or None
    places : (n, 2) array of float or None
        Longitude and latitude of every node of the problem's matrices; None in a file without them.
    snap_limit_m : float or None
        The limit the matrices were made with, metres; there whenever `places` are.
    """

    plan: PatrolPlan
    problem: PatrolProblem | None
    road_revision: str | None
    places: NDArray[np.float64] | None = None
    snap_limit_m: float | None = None


def read_plan(text: str) -> PlanFile:
    """Everything in the text of a plan file.

    Parameters
    ----------
    text : str
        As written by `PatrolPlan.to_json`.

    Raises
    ------
    InputRefused
        When it is no JSON, of another format or version, or damaged; in one sentence.
    """
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputRefused(
            f"the plan file is not JSON ({error}); give a file written by `lianfang patrols plan`"
        ) from error
    _check_format(document)
    for name in ("problem", "plan", "road_revision"):
        if name not in document:
            raise InputRefused(f"the plan file has no {name!r}; it is damaged, write it again")
    revision = document["road_revision"]
    if not (revision is None or isinstance(revision, str)):
        raise InputRefused(f"the plan file's road_revision is {revision!r}; it must be a text or null")
    try:
        problem = None if document["problem"] is None else _problem_of(document["problem"])
        plan = _plan_of(document["plan"])
        places, limit = None, None
        if "places" in document or "snap_limit_m" in document:
            places, limit = _where(document["places"], document["snap_limit_m"], problem)
    except KeyError as error:
        raise InputRefused(
            f"the plan file has no {error.args[0]!r}; it is damaged, write it again"
        ) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise InputRefused(f"the plan file is damaged: {error}") from error
    return PlanFile(plan, problem, revision, places, limit)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _check_format(document: Any) -> None:
    """Refuse another format or another version of ours."""
    written = document.get("format") if isinstance(document, dict) else None
    if written == FORMAT:
        return
    if isinstance(written, str) and written.startswith("lianfang-plan/"):
        raise InputRefused(
            f"the plan file is of format {written!r}, this program reads {FORMAT!r}; "
            "use the version that wrote it"
        )
    raise InputRefused(f"the file's format is {written!r}, not {FORMAT!r}; give a Lianfang plan file")


def _where(
    places: Any, snap_limit_m: Any, problem: PatrolProblem | None
) -> tuple[NDArray[np.float64], float]:
    """Longitude and latitude of every node of `problem`, and the snap limit, both checked."""
    if problem is None:
        raise ValueError("there are places, but no problem whose nodes they could be")
    nodes = len(next(iter(problem.duration_s.values())))
    if not isinstance(places, list) or len(places) != nodes:
        raise ValueError(f"places is not a list of {nodes} positions, one for every node")
    for row, place in enumerate(places):
        pair = isinstance(place, list) and len(place) == 2 and all(map(_is_number, place))
        if not pair or not (-180.0 <= place[0] <= 180.0 and -90.0 <= place[1] <= 90.0):
            raise ValueError(f"place {row} is {place!r}; give longitude and latitude in degrees")
    if not _is_number(snap_limit_m) or not 0.0 < snap_limit_m < np.inf:
        raise ValueError(f"snap_limit_m is {snap_limit_m!r}; give metres above 0")
    return np.array(places, np.float64).reshape(-1, 2), float(snap_limit_m)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _several(values: Any, name: str) -> list[Any]:
    """`values` as a list, when it is a sequence of things and not a text."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} is {values!r}; give a sequence")
    return list(values)


def _amount(value: Any, name: str) -> int | float:
    """A sum of prizes: int stays int, so that whole sums stay exact."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool | np.bool_
    )
    if not number or not np.isfinite(value) or value < 0:
        raise ValueError(f"{name} is {value!r}; give a number of at least 0")
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _visits(given: pd.DataFrame) -> pd.DataFrame:
    cells = read.cells_of(given, "visits", VISIT_COLUMNS, optional=("backwards",))
    clean: dict[str, Any] = {}
    for name in VISIT_COLUMNS:
        if name in ("team_id", "stop_id"):
            clean[name] = read.id_column(read.identifiers(cells[name], f"visits: {name}"))
        elif name == "backwards":
            clean[name] = np.array(
                [
                    not read.is_missing(v) and read.flag(v, f"visits: {name} in row {row}")
                    for row, v in enumerate(cells[name])
                ],
                bool,
            )
        else:
            numbers = [read.whole(v, f"visits: {name} in row {row}") for row, v in enumerate(cells[name])]
            clean[name] = np.array(numbers, np.int64)
    return pd.DataFrame(clean)


def _frame_document(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """A frame column by column; pandas and NumPy scalars become plain ones."""
    return {str(name): frame[name].tolist() for name in frame.columns}


def _frame_of(document: Any, name: str) -> pd.DataFrame:
    """A frame from its columns."""
    if not isinstance(document, dict) or not all(isinstance(column, list) for column in document.values()):
        raise ValueError(f"{name} is not a table of columns")
    lengths = {len(column) for column in document.values()}
    if len(lengths) > 1:
        raise ValueError(f"the columns of {name} differ in length: {sorted(lengths)}")
    return pd.DataFrame({column: pd.Series(values, dtype=object) for column, values in document.items()})


def _problem_document(problem: PatrolProblem) -> dict[str, Any]:
    document: dict[str, Any] = {
        name: {mode: matrix.tolist() for mode, matrix in getattr(problem, name).items()}
        for name in ("duration_s", "distance_m")
    }
    for name in ("stops", "windows", "teams", "breaks", "forbidden", "done", "pinned", "through"):
        document[name] = _frame_document(getattr(problem, name))
    document["rule"] = {field.name: getattr(problem.rule, field.name) for field in fields(CrossRule)}
    document["origin"] = problem.origin.isoformat()
    return document


def _problem_of(document: Any) -> PatrolProblem:
    if not isinstance(document, dict):
        raise ValueError("problem is not an object")
    rule, origin = document["rule"], document["origin"]
    if not isinstance(rule, dict) or not isinstance(origin, str):
        raise ValueError("rule is not an object, or origin not a text")
    return PatrolProblem(
        duration_s=_matrices_of(document["duration_s"], "duration_s"),
        distance_m=_matrices_of(document["distance_m"], "distance_m"),
        stops=_frame_of(document["stops"], "stops"),
        windows=_frame_of(document["windows"], "windows"),
        teams=_frame_of(document["teams"], "teams"),
        breaks=_frame_of(document["breaks"], "breaks"),
        forbidden=_frame_of(document["forbidden"], "forbidden"),
        rule=_rule_of(rule),
        origin=datetime.fromisoformat(origin),
        # Files of before know none of them.
        **{
            name: _frame_of(document[name], name)
            for name in ("done", "pinned", "through")
            if name in document
        },
    )


def _rule_of(document: dict[str, Any]) -> CrossRule:
    """Every field by name: a rule with a part missing must not fall back to a default.

    Files of before know neither a leader nor spans; theirs has none and is one shift.
    """
    names = [field.name for field in fields(CrossRule)]
    later = [name for name in ("leader", "within") if name not in document]
    return CrossRule(**{name: document[name] for name in names if name not in later})


def _matrices_of(document: Any, name: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError(f"{name} is not an object of modes")
    return {mode: np.array(rows) for mode, rows in document.items()}


def _plan_document(plan: PatrolPlan) -> dict[str, Any]:
    document: dict[str, Any] = {field.name: getattr(plan, field.name) for field in fields(plan)}
    document["visits"] = _frame_document(plan.visits)
    for name in ("crossed", "unreachable", "iterations"):
        document[name] = list(document[name])
    return document


def _plan_of(document: Any) -> PatrolPlan:
    if not isinstance(document, dict):
        raise ValueError("plan is not an object")
    parts = {field.name: document[field.name] for field in fields(PatrolPlan)}
    return PatrolPlan(**{**parts, "visits": _frame_of(parts["visits"], "visits")})
