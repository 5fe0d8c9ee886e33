"""The benchmark runner, with benchmarks that take no time; speeds themselves are never tested."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import __main__ as runner


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
