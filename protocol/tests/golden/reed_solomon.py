"""Parity as docs/PROTOCOL.md section 13 defines it: polynomials through points of GF(2^16). Slow, and without any library."""

BITS, ORDER = 16, 1 << 16
POLYNOMIAL = 0x1002D
BASIS = [
    0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E, 0x914C, 0x4012,
    0x6C98, 0x10D8, 0x6A72, 0xB900, 0xFDB8, 0xFB34, 0xFF38, 0x991E,
]  # fmt: skip


def tables():
    """Logarithms and powers, where an element is named by its coordinates in the basis."""
    power_of, state = {}, 1
    for exponent in range(ORDER - 1):
        power_of[state] = exponent
        state <<= 1
        if state >= ORDER:
            state ^= POLYNOMIAL
    logs, powers = [None] * ORDER, [None] * (ORDER - 1)
    for name in range(1, ORDER):
        value = 0
        for bit in range(BITS):
            value ^= BASIS[bit] if name >> bit & 1 else 0
        logs[name] = power_of[value]
        powers[power_of[value]] = name
    return logs, powers


LOGS, POWERS = tables()


def mul(a, b):
    return POWERS[(LOGS[a] + LOGS[b]) % (ORDER - 1)] if a and b else 0


def div(a, b):
    return POWERS[(LOGS[a] - LOGS[b]) % (ORDER - 1)] if a else 0


def weights(points, x):
    """What each point of a polynomial through all of them adds to its value at x (Lagrange)."""
    result = []
    for point in points:
        weight = 1
        for other in points:
            if other != point:
                weight = mul(weight, div(x ^ other, point ^ other))
        result.append(weight)
    return result


def elements(shard):
    """In each 64 bytes the low halves come first, then the high halves; what is left over is split likewise."""
    result = []
    for start in range(0, len(shard), 64):
        block = shard[start : start + 64]
        half = len(block) // 2
        result += [low | high << 8 for low, high in zip(block[:half], block[half:])]
    return result


def shard_of(values):
    result = b""
    for start in range(0, len(values), 32):
        block = values[start : start + 32]
        result += bytes(value & 0xFF for value in block) + bytes(value >> 8 for value in block)
    return result


def power_of_two(count):
    return 1 << (count - 1).bit_length()


def parity(frame, size, wanted):
    """The parity shards with these numbers (0 is the first) of a frame cut into shards of `size` bytes."""
    count = -(-len(frame) // size)
    padded = frame.ljust(count * size, b"\0")
    data = [elements(padded[i * size : (i + 1) * size]) for i in range(count)]
    m = 16 if count <= 32 else 64
    width = power_of_two(count) if count <= 8 else m
    result = []
    for number in wanted:
        if count <= 8:
            groups = [(list(range(width)), data, width + number)]
        else:
            starts = range(0, count, width)
            groups = [([width + i for i in range(s, s + width)], data[s : s + width], number) for s in starts]
        value = [0] * (size // 2)
        for points, shards, x in groups:
            for weight, shard in zip(weights(points, x), shards):
                value = [sum_ ^ mul(weight, element) for sum_, element in zip(value, shard)]
        result.append(shard_of(value))
    return result
