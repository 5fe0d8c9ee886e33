"""Tesseract, the reader of text that Debian packages, as a program of its own beside ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Final

import cv2

from cameras.onscreen.lines import Image
from geo.errors import LianfangError, Sentence

_DIGITS: Final = "tessedit_char_whitelist=0123456789:-/ "
# A line takes a tenth of a second; only a program that hangs takes longer than this.
_PATIENCE_S: Final = 60


class Tesseract:
    """Reads lines of text, dark on white (`cameras.onscreen.ReadLine`); through a pipe, no file is written.

    Raises
    ------
    LianfangError
        Where the program or its English data is not installed, and later where it fails.
    """

    def __init__(self) -> None:
        program = shutil.which("tesseract")
        known = "" if program is None else self._run([program, "--list-langs"], b"")
        if program is None or "eng" not in known.split():
            raise LianfangError(
                Sentence(
                    "reading the clock needs tesseract with its English data: run 'apt-get install "
                    "tesseract-ocr' as root, or leave out --read-clock"
                )
            )
        self._program = program

    def __call__(self, line: Image, is_digits: bool) -> str:
        """The text of one line; with `is_digits`, of digits and the signs between them alone."""
        # Its plainest input, so that neither side spends time on packing.
        done, image = cv2.imencode(".pgm", line)
        if not done:
            raise ValueError(f"a line of {line.shape} cannot be written as a picture")
        command = [self._program, "-", "-", "-l", "eng", "--psm", "7", "--dpi", "150"]
        return self._run([*command, *(["-c", _DIGITS] if is_digits else [])], image.tobytes()).strip()

    def _run(self, command: list[str], content: bytes) -> str:
        # One thread: a line is too little to share, and other cameras are read beside this one.
        env = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        try:
            done = subprocess.run(
                command, input=content, capture_output=True, env=env, timeout=_PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LianfangError(Sentence("tesseract failed: %(why)s", why=type(error).__name__)) from error
        if done.returncode:
            last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
            raise LianfangError(Sentence("tesseract failed: %(why)s", why=last[:200]))
        return done.stdout.decode(errors="replace")
