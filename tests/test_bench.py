"""The benchmark runner, with benchmarks that take no time; speeds themselves are never tested."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import __main__ as runner
from bench import matrix, monaco


@pytest.fixture
def _two_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = {
        "one": SimpleNamespace(run=lambda: {"speed_ratio": 12.5, "per_s": {"ours": 5000}}),
        "two": SimpleNamespace(run=lambda: {"value_ratio": 1.02}),
    }
    monkeypatch.setattr(runner, "benchmarks", lambda: fake)


@pytest.mark.usefixtures("_two_benchmarks")
def test_results_are_printed_and_kept_with_the_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.json"
    assert runner.main(["--out", str(out)]) == 0
    kept = json.loads(out.read_text())
    assert kept["results"] == {
        "one": {"speed_ratio": 12.5, "per_s": {"ours": 5000}},
        "two": {"value_ratio": 1.02},
    }
    assert kept["machine"]["cores"] >= 1
    assert kept["machine"]["libraries"]["numpy"]
    printed = capsys.readouterr().out
    assert "speed_ratio" in printed
    assert "12.5 ×" in printed
    assert "ours" in printed


@pytest.mark.usefixtures("_two_benchmarks")
def test_one_benchmark_is_run_by_name(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    assert runner.main(["two", "--out", str(out)]) == 0
    assert list(json.loads(out.read_text())["results"]) == ["two"]


@pytest.mark.usefixtures("_two_benchmarks")
def test_unknown_benchmark_is_refused_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        runner.main(["three", "--out", str(tmp_path / "results.json")])
    assert refused.value.code == 2
    assert "no benchmark three: there are one, two" in capsys.readouterr().err


def test_every_module_with_a_run_is_found() -> None:
    folder = Path(runner.__file__).parent
    with_run = {path.stem for path in folder.glob("*.py") if "\ndef run(" in path.read_text(encoding="utf-8")}
    assert set(runner.benchmarks()) == with_run


def archive_with(folder: Path, content: bytes) -> Path:
    """An archive that has this content where the extract is looked for."""
    path = folder / "made.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(monaco._MEMBER)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def test_an_extract_is_unpacked_once_and_only_if_it_is_the_pinned_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "fetched" / "Monaco.osm.pbf"
    monkeypatch.setattr(monaco, "MONACO", target)
    monkeypatch.setattr(monaco, "_archive", lambda folder: archive_with(folder, b"another map"))
    with pytest.raises(RuntimeError, match="not the file that was pinned"):
        monaco.monaco()
    assert not target.exists()
    monkeypatch.setattr(monaco, "_SHA256", hashlib.sha256(b"another map").hexdigest())
    assert monaco.monaco().read_bytes() == b"another map"
    monkeypatch.delattr(monaco, "_archive")
    assert monaco.monaco() == target
    assert [path.name for path in target.parent.iterdir()] == ["Monaco.osm.pbf"]


def test_an_index_that_cannot_be_reached_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monaco, "MONACO", tmp_path / "Monaco.osm.pbf")
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(RuntimeError, match=r"quackosm 0\.19\.0 cannot be downloaded: ERROR"):
        monaco.monaco()


def test_travel_times_are_compared_with_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 196 crossings; a graph whose arcs take a second longer is told."""
    found = matrix.run(side=14, places=30, rounds=1)
    assert found["crossings"] == 196 and found["places"] == 30
    assert found["car"]["scipy_s"] > 0.0
    right = matrix.csgraph

    def slower(network: Any, mode: str) -> Any:
        graph = right(network, mode)
        graph.data += 1000.0
        return graph

    monkeypatch.setattr(matrix, "csgraph", slower)
    with pytest.raises(RuntimeError, match="durations by foot are not SciPy's"):
        matrix.run(side=14, places=30, rounds=1)
