"""Damaged copies of inputs for fuzz tests: flips, cuts, inserts, swaps, splices, from a seeded generator."""

import resource
import time

from geo.errors import InputRefused

_PLAIN = b"-.,:;()[]0123456789\n eM\xff"


def damaged(generator, samples):
    """One of some byte strings with one to four damages; the same for the same state of the generator."""
    content = bytearray(samples[int(generator.integers(len(samples)))])
    for _ in range(int(generator.integers(1, 5))):
        if not content:
            break
        at, end = sorted(int(one) for one in generator.integers(0, len(content) + 1, 2))
        kind = int(generator.integers(7))
        if kind == 0:
            content[min(at, len(content) - 1)] = int(generator.integers(256))
        elif kind == 1:
            del content[at : min(end, at + 40)]
        elif kind == 2:
            content[at:at] = generator.bytes(int(generator.integers(1, 20)))
        elif kind == 3:
            piece = bytes(content[at : min(end, at + 40)])
            content[at:at] = piece * int(generator.integers(1, 4))
        elif kind == 4:
            other = samples[int(generator.integers(len(samples)))]
            content[at:] = other[int(generator.integers(len(other) + 1)) :]
        elif kind == 5:
            del content[at:]
        else:
            # A sign, a digit or a separator for another: what stays readable hurts most.
            content[min(at, len(content) - 1)] = _PLAIN[int(generator.integers(len(_PLAIN)))]
    return bytes(content)


def withstood(files, read, *, most_kb):
    """Let a reader have damaged files (path, content) one after another; answers how many it refused.

    Each is read or refused in words, within 5 s, all of them in so many kB.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worst, refusals = 0.0, 0
    for path, content in files:
        # Writing over a file waits for the disk; a new one does not.
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        begun = time.perf_counter()
        try:
            read(path)
        except InputRefused as refused:
            refusals += 1
            assert str(refused)
        worst = max(worst, time.perf_counter() - begun)
    assert worst < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < most_kb
    return refusals
