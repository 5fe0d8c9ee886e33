"""KLV packets for tests, in the form of ST 0601 and EG 0104; no code is the reader's."""

import struct

LOCAL = "060e2b34020b01010e01030101000000"
UNIVERSAL = "060e2b34020101010e01010201010000"


def ber(length):
    if length < 128:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([128 + size]) + length.to_bytes(size, "big")


def word_sum(content):
    """The running sum of ST 0601 section 8.1: even bytes count 256 times."""
    total = 0
    for place, byte in enumerate(content):
        total += byte << (8 * (1 - place % 2))
    return total & 0xFFFF


def local_set(items):
    """A packet of {tag: hex text}, with its checksum at the end."""
    body = b"".join(
        bytes([tag]) + ber(len(bytes.fromhex(text))) + bytes.fromhex(text) for tag, text in items.items()
    )
    head = bytes.fromhex(LOCAL) + ber(len(body) + 4) + body + bytes([1, 2])
    return head + word_sum(head).to_bytes(2, "big")


def universal_set(items):
    """A packet of {16-byte key as hex text: (form of struct, number)}."""
    body = b""
    for key, (form, number) in items.items():
        value = struct.pack(">" + form, number)
        body += bytes.fromhex(key) + ber(len(value)) + value
    return bytes.fromhex(UNIVERSAL) + ber(len(body)) + body
