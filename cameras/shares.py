"""Coverage rolled up: every jurisdiction of every level, by kind of ground."""

from pandas import DataFrame

from cameras.causes import CAUSE_NAMES
from cameras.coverage import Coverage

#: What is summed up, of `Coverage.by_atom`.
MEASURES = (
    *("measure", "total", "covered", "possible", "twice", "built", "deficit"),
    *(f"deficit_{name}" for name in CAUSE_NAMES),
)


def shares(coverage: Coverage, *, by_kind: bool = True) -> DataFrame:
    """Exact sums for every leaf that has watched ground and all jurisdictions above it.

    Parameters
    ----------
    coverage : Coverage
    by_kind : bool
        Tell road classes and kinds of place apart; otherwise one row for streets and one for places.

    Returns
    -------
    DataFrame
        Index (path, ground, kind), sorted, kind left out without `by_kind`. int64 columns of
        `Coverage.by_atom`: measure (mm | count), total, covered, possible, twice, built, deficit,
        deficit_<cause>. Rows of one level of the tree add up to the rows above; rows of different levels
        repeat each other. Streets and places have different units.
    """
    atoms = coverage.ground.atoms
    keys = ["leaf", "ground", "kind"] if by_kind else ["leaf", "ground"]
    leaves = coverage.by_atom().groupby([atoms[key] for key in keys], observed=True).sum().reset_index()
    leaves[keys] = leaves[keys].astype(str).astype(object)
    return rolled_up(leaves.assign(path=leaves.pop("leaf")))


def rolled_up(leaves: DataFrame) -> DataFrame:
    """Sums of leaves (`path`, `ground`, `kind` where it is told, `MEASURES`) and of all above them."""
    keys = [name for name in ("path", "ground", "kind") if name in leaves]
    return leaves.assign(path=leaves["path"].map(_self_and_ancestors)).explode("path").groupby(keys).sum()


def with_shares(table: DataFrame) -> DataFrame:
    """The table of `shares` or `Coverage.totals` with four shares added, float 0 to 1.

    Columns: certain (covered / total), possible_share, twice_share (seen by two cameras), single_share (hangs
    on one), built_share (measure that some camera has in its footprint at the level, working or not). NaN
    where there is no ground.
    """
    total = table["total"].where(table["total"] > 0)
    return table.assign(
        certain_share=table["covered"] / total,
        possible_share=table["possible"] / total,
        twice_share=table["twice"] / total,
        single_share=(table["covered"] - table["twice"]) / total,
        built_share=table["built"] / table["measure"].where(table["measure"] > 0),
    )


def _self_and_ancestors(path: str) -> list[str]:
    """`a.b.c`, `a.b` and `a`."""
    labels = path.split(".")
    return [".".join(labels[:n]) for n in range(len(labels), 0, -1)]
