"""Damaged copies of inputs for fuzz tests: flips, cuts, inserts, swaps, splices, from a seeded generator."""

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
