#!/usr/bin/env python3
"""Writes the golden files beside it: every message of docs/PROTOCOL.md, byte for byte, a comment per field.

A second implementation of the specification, written from its tables and not from the codec, so that an error of
either shows in tests/golden.rs. `make.py --check` writes nothing and fails where a file differs.

The same bytes are the seeds of the fuzz target `decode`; a control message goes there without its CRC.

A line is hexadecimal bytes, perhaps `x N` to repeat the line N times, and a comment behind `#`.
"""

import pathlib
import sys

import reed_solomon

HERE = pathlib.Path(__file__).parent
SEEDS = HERE.parents[2] / "fuzz" / "corpus" / "decode"


# --- bytes with their comments


class Field:
    def __init__(self, data, comment, repeat=1):
        self.data, self.comment, self.repeat = bytes(data), comment, repeat

    def line(self):
        text = self.data.hex(" ").upper() + (f" x {self.repeat}" if self.repeat > 1 else "")
        return f"{text:<50} # {self.comment}".rstrip()


def raw(fields):
    return b"".join(field.data * field.repeat for field in fields)


def u8(value, comment):
    return [Field([value], comment)]


def u16(value, comment):
    return [Field(value.to_bytes(2, "big"), comment)]


def u32(value, comment):
    return [Field(value.to_bytes(4, "big"), comment)]


def u64(value, comment):
    return [Field(value.to_bytes(8, "big"), comment)]


def blob(data, comment):
    """Sixteen bytes a line."""
    lines = [data[i : i + 16] for i in range(0, len(data), 16)]
    return [Field(line, comment if i == 0 else f"{comment}, on") for i, line in enumerate(lines)]


def producer(text="1AAA99"):
    return [Field(bytes.fromhex(text), "producer id")]


def text(value, comment):
    """Section 2.3: length (1), bytes."""
    data = value.encode()
    body = [Field(data, f"{comment}: {value}")] if data else []
    return u8(len(data), f"length of {comment}") + body


def listed(items, comment):
    return u8(len(items), f"count of {comment}") + [field for item in items for field in item]


def crc32c(data):
    """Castagnoli, reflected: polynomial 0x82F63B78."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283, "the check value of CRC-32C"


# --- section 2: framing

NONE = "000000"
ID = "1AAA99"
SESSION = 0x0123456789ABCD02
HELLO_PAD = 1200


def control(event, name, body, who=ID, stream=0x00, flags=0, session=SESSION, seq=7, sent=0x00BC614E, ext=()):
    """Section 2.3: header, extensions, body, CRC. A HELLO is padded to 1 200 bytes."""
    extensions = list(ext)
    head = (
        u8(event, f"event {name}")
        + producer(who)
        + u8(stream, "stream id")
        + u8(1 << 4, "version 1, mode 0")
        + u8(len(raw(extensions)) // 4, "ext words")
        + u8(flags, "flags")
        + u64(session, "session id")
        + u32(seq, "sequence number")
        + u32(sent, "send time, us")
    )
    fields = head + extensions + body
    if name == "HELLO":
        fields += [Field([0], "padding", HELLO_PAD - 4 - len(raw(fields)))]
    return fields + u32(crc32c(raw(fields)), "CRC-32C")


# --- section 3: DATA

FRAME = b"Forty bytes of a frame: whole or not so."
assert len(FRAME) == 40
SHARD = 16
KEY, END_OF_GROUP, PARITY, RETX, DISCARDABLE, CONFIG = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04


def data_header(flags, index, number, group, crc, tag=0, pending=0, rnd=0):
    flag_names = ["KEY", "END_OF_GROUP", "PARITY", "RETX", "DISCARDABLE", "CONFIG"]
    names = [name for bit, name in enumerate(flag_names) if flags & 0x80 >> bit]
    return (
        u8(0x00, "event DATA")
        + producer()
        + u8(0x01, "stream id")
        + u8(1 << 4 | rnd, f"version 1, mode 0, round {rnd}")
        + u8(flags, "flags: " + " ".join(names + [f"layer {flags & 3}"]))
        + u8(pending, "pending")
        + u32(tag, "epoch tag")
        + u32(number, "frame number")
        + u32(group, "group")
        + u32(len(FRAME), "frame length")
        + u16(index, "index of shard")
        + u16(SHARD, "shard size")
        + u32(0x00012345, "capture time, 100 us")
        + u32(crc, "CRC-32C of canonical header and shard")
    )


def data(flags, index, number=0x3EA, group=0x3E9, payload=None, **private):
    canonical = data_header(flags & ~RETX, index, number, group, 0)
    shard = FRAME[index * SHARD : (index + 1) * SHARD] if payload is None else payload
    crc = crc32c(raw(canonical) + shard)
    return data_header(flags, index, number, group, crc, tag=0xCAFEF00D, **private) + blob(shard, "shard")


# --- section 4: the session

NONCE = bytes(range(0xA0, 0xB0))
COOKIE = bytes([3]) + (0x0001E240).to_bytes(4, "big") + bytes(range(0xC0, 0xD0))
TOKEN = bytes(range(0x50, 0x60))
GREASE = u8(0x1A, "extension without meaning") + u8(2, "its length") + [Field([0x5A, 0xA5], "its value")]


def hello(cookie=b"", rider=b"", seq=1):
    body = (
        u8(2, "role: viewer")
        + u8(1, "count of versions")
        + u8(1, "version 1")
        + blob(NONCE, "nonce")
        + u8(len(cookie), "length of cookie")
        + blob(cookie, "cookie")
        + u16(len(rider), "length of rider")
        + blob(rider, "rider")
    )
    return control(0x09, "HELLO", body, who=NONE, session=0, seq=seq, ext=GREASE)


def cookie_fields():
    return u8(len(COOKIE), "length of cookie") + blob(COOKIE, "cookie")


CLOCK_ACK = (
    u32(0x00BC614E, "echo: send time of the CLOCK")
    + u32(120, "hold, us")
    + u64(3_600_000_000, "broker time, us")
)


WELCOME = (
    blob(NONCE, "nonce")
    + u8(1, "version")
    + u32(0x00BC614E, "echo: send time of the HELLO")
    + u32(120, "hold, us")
    + u64(3_600_000_000, "broker time, us")
    + u32(15_000, "lease, ms")
    + u16(250, "feedback, ms")
    + u32(4 << 20, "max frame")
    + u16(1_200, "max datagram")
    + u16(32, "max subscriptions")
    + blob(TOKEN, "reset token")
)


def close(code, reason, last=()):
    return u16(code, "code") + text(reason, "reason") + listed(list(last), "last frames")


def stream_last(stream, tag, frame):
    return u8(stream, "stream id") + u32(tag, "epoch tag") + u32(frame, "last frame")


# --- section 5: publishing


def track(stream, kind, codec, extension, duration, next_frame):
    return (
        u8(stream, "stream id")
        + u8(kind, f"kind: {['', 'video', 'audio', 'data'][kind]}")
        + text(codec, "codec")
        + text(extension, "extension")
        + u32(duration, "frame duration, us")
        + u8(1, "sync group")
        + u8(0, "layer")
        + u32(next_frame, "next frame")
    )


TRACKS = [track(1, 1, "jpeg", "jpg", 83_333, 1001), track(2, 2, "mp3", "mp3", 1_000_000, 84)]
EPOCH = 1_760_000_000_123
IDENTITY = bytes(range(0x10, 0x20))

ANNOUNCE = (
    u32(1, "req")
    + u64(EPOCH, "epoch, ms")
    + blob(IDENTITY, "identity")
    + u32(2_000, "max rate, kbit/s")
    + u16(100, "min latency, ms")
    + u16(1_164, "shard size")
    + text("Küche", "name")
    + listed(TRACKS, "tracks")
)


def announce_ack(status, tag, horizon, reason):
    return (
        u32(1, "req")
        + u16(status, "status")
        + u64(EPOCH, "epoch, ms")
        + u32(tag, "epoch tag")
        + u32(horizon, "horizon, ms")
        + text(reason, "reason")
    )


LAST = [stream_last(1, 0xCAFEF00D, 2000), stream_last(2, 0xCAFEF00D, 0xFFFFFFFF)]


# --- section 6: subscribing

SUBSCRIBE = (
    u32(1, "req")
    + u8(3, "kinds: video, audio")
    + u8(1, "start: current group")
    + u8(255, "max layer: any")
    + u8(0, "parity: none")
    + u16(500, "latency, ms")
    + u16(0, "max rate: unlimited")
)


def subscribe(session=SESSION, seq=7):
    return control(0x01, "SUBSCRIBE", SUBSCRIBE, session=session, seq=seq)


CLOCK = (0x12345, 3_600_000_000, -25, 900)
UNKNOWN_CLOCK = (0, 0, 0, 0xFFFFFFFF)


def clock_point(clock):
    capture, broker, drift, error = clock
    return (
        u32(capture, "clock: capture time, 100 us")
        + u64(broker, "clock: broker time, us")
        + u16(drift & 0xFFFF, f"clock: drift {drift} x 0.1 ppm")
        + u32(error, "clock: error, us")
    )


def subscribe_ack(status, latency, epoch, tag, shard, clock, name, tracks):
    return (
        u32(1, "req")
        + u16(status, "status")
        + u16(latency, "latency, ms")
        + u64(epoch, "epoch, ms")
        + u32(tag, "epoch tag")
        + u16(shard, "shard size")
        + clock_point(clock)
        + text(name, "name")
        + listed(tracks, "tracks")
    )


def catalog(from_start, after):
    return u32(2, "req") + u8(from_start, "from start") + [Field(bytes.fromhex(after), "after")]


def catalog_entry(who, state, viewers, name, tracks):
    return (
        producer(who)
        + u8(state, f"state: {['', 'live', 'stalled'][state]}")
        + u64(EPOCH, "epoch, ms")
        + u32(viewers, "viewers")
        + text(name, "name")
        + listed(tracks, "tracks")
    )


def catalog_track(stream, kind, extension, duration):
    return (
        u8(stream, "stream id")
        + u8(kind, "kind")
        + text(extension, "extension")
        + u32(duration, "frame duration, us")
    )


def catalog_ack(more, entries):
    return u32(2, "req") + u32(9, "generation") + u8(more, "more") + listed(entries, "entries")


ENTRIES = [
    catalog_entry("1AAA99", 1, 3, "Küche", [catalog_track(1, 1, "jpg", 83_333), catalog_track(2, 2, "mp3", 1_000_000)]),
    catalog_entry("2BBB99", 2, 0, "", []),
]


# --- section 7: reliability


def key(who=ID, stream=1, tag=0xCAFEF00D):
    return producer(who) + u8(stream, "stream id") + u32(tag, "epoch tag")


def feedback(tracks):
    return (
        u32(41, "heartbeat")
        + u32(0xDEADBEEF, "nonce")
        + u32(1_500, "hold, us")
        + u32(1_234, "datagrams")
        + u64(1_480_800, "bytes")
        + u32(2, "duplicates")
        + u32(17, "lost")
        + u32(9, "runs")
        + u32(350, "jitter, us")
        + u32(480, "horizon, ms")
        + listed(tracks, "track blocks")
    )


def block(missing, whole=None, counters=None):
    flags = (1 if counters else 0) | (2 if whole else 0)
    fields = key() + u8(flags, "flags: 1 counters, 2 newest whole")
    fields += u32(1000, "done before") + u32(1003, "newest")
    if whole:
        fields += u32(whole[0], "newest whole") + u32(whole[1], "its digest")
    for value, name in zip(counters or (), ["direct", "repaired_arq", "repaired_fec", "late", "lost", "skipped"]):
        fields += u32(value, name)
    return fields + listed(missing, "missing items")


def missing(frame, rnd, form):
    return u32(frame, "missing frame") + u8(rnd, "round") + form


WHOLE = u8(0, "form: whole frame")


def bitmap(first, bits):
    return u8(1, "form: bitmap") + u16(first, "first") + u8(len(bits), "length") + blob(bits, "bits")


def ranges(*pairs):
    items = [u16(first, "first") + u16(count, "count") for first, count in pairs]
    return u8(2, "form: ranges") + listed(items, "ranges")


def skip_range(first, last, reason):
    return u32(first, "from") + u32(last, "to") + u8(reason, "reason")


def heartbeat(echo, hold, tracks):
    return (
        u32(0xDEADBEEF, "nonce")
        + u32(1_240, "datagrams")
        + u64(1_488_000, "bytes")
        + u32(echo, "echo: send time of the last FEEDBACK")
        + u32(hold, "hold, us")
        + u32(9, "catalog generation")
        + u8(1 if hold != 0xFFFFFFFF else 0, "flags: 1 asks for an echo")
        + listed(tracks, "track blocks")
    )


def heartbeat_block(clock, skipped):
    return (
        key()
        + u32(1003, "newest")
        + u32(10_240, "length")
        + u16(9, "held")
        + u8(0b0000_0101, "pending")
        + u32(990, "oldest held")
        + u8(1, "thinning: every 2nd frame")
        + clock_point(clock)
        + listed(skipped, "skipped")
    )


SKIPPED = [skip_range(995, 996, 1), skip_range(0xFFFFFFFF, 1, 2)]
SKIP = listed(
    [
        u8(1, "stream id") + u32(0xCAFEF00D, "epoch tag") + skip_range(995, 996, 1),
        u8(1, "stream id") + u32(0xCAFEF00D, "epoch tag") + skip_range(998, 998, 2),
        u8(2, "stream id") + u32(0xCAFEF00D, "epoch tag") + skip_range(0xFFFFFFFF, 1, 3),
    ],
    "ranges",
)
ECHO = bytes(range(0xE0, 0xE8))


# --- the files


def session_wide(event, name, body):
    return control(event, name, body, who=NONE)


FILES = {
    "DATA": data(0, 0),
    "DATA-key": data(KEY | END_OF_GROUP, 1, number=0x3E9),
    "DATA-last": data(DISCARDABLE | 2, 2, pending=0b1000_0001),
    "DATA-retx": data(RETX | CONFIG, 1, rnd=2),
    "DATA-parity": data(PARITY, 3, payload=reed_solomon.parity(FRAME, SHARD, [0])[0]),
    "SUBSCRIBE": subscribe(),
    "SUBSCRIBE_ACK": control(
        0x81,
        "SUBSCRIBE_ACK",
        subscribe_ack(0, 500, EPOCH, 0xCAFEF00D, 1_164, CLOCK, "Küche", TRACKS),
    ),
    "SUBSCRIBE_ACK-waiting": control(
        0x81, "SUBSCRIBE_ACK", subscribe_ack(17, 500, 0, 0, 0, UNKNOWN_CLOCK, "", [])
    ),
    "SUBSCRIBE_ACK-refused": control(
        0x81, "SUBSCRIBE_ACK", subscribe_ack(9, 0, 0, 0, 0, UNKNOWN_CLOCK, "", []), stream=0x11
    ),
    "UNSUBSCRIBE": control(0x02, "UNSUBSCRIBE", u32(3, "req")),
    "UNSUBSCRIBE_ACK": control(0x82, "UNSUBSCRIBE_ACK", u32(3, "req") + u16(0, "status") + listed(LAST, "last frames")),
    "UNSUBSCRIBE_ACK-refused": control(
        0x82, "UNSUBSCRIBE_ACK", u32(3, "req") + u16(6, "status") + listed([], "last frames")
    ),
    "ANNOUNCE": control(0x03, "ANNOUNCE", ANNOUNCE),
    "ANNOUNCE_ACK": control(0x83, "ANNOUNCE_ACK", announce_ack(0, 0x0BADCAFE, 480, "")),
    "ANNOUNCE_ACK-refused": control(0x83, "ANNOUNCE_ACK", announce_ack(7, 0, 0, "taken")),
    "CATALOG": session_wide(0x04, "CATALOG", catalog(1, NONE)),
    "CATALOG-after": session_wide(0x04, "CATALOG", catalog(0, "2BBB99")),
    "CATALOG_ACK": session_wide(0x84, "CATALOG_ACK", catalog_ack(1, ENTRIES)),
    "CATALOG_ACK-empty": session_wide(0x84, "CATALOG_ACK", catalog_ack(0, [])),
    "END": control(0x05, "END", u32(4, "req") + u16(18, "reason") + listed(LAST, "last frames")),
    "END_ACK": control(0x85, "END_ACK", u32(4, "req")),
    "SKIP": control(0x06, "SKIP", SKIP),
    "HEARTBEAT": session_wide(
        0x07, "HEARTBEAT", heartbeat(0x00BC0000, 42, [heartbeat_block(CLOCK, SKIPPED), heartbeat_block(UNKNOWN_CLOCK, [])])
    ),
    "HEARTBEAT-first": session_wide(0x07, "HEARTBEAT", heartbeat(0, 0xFFFFFFFF, [])),
    "FEEDBACK": session_wide(0x80, "FEEDBACK", feedback([])),
    "FEEDBACK-whole": session_wide(
        0x80,
        "FEEDBACK",
        feedback([block([missing(1002, 1, WHOLE)], whole=(1003, 0x89ABCDEF), counters=(989, 5, 0, 1, 2, 3))]),
    ),
    "FEEDBACK-bitmap": session_wide(
        0x80, "FEEDBACK", feedback([block([missing(1001, 2, bitmap(5, [0b1000_0001, 0b0100_0000]))])])
    ),
    "FEEDBACK-ranges": session_wide(
        0x80,
        "FEEDBACK",
        feedback([block([missing(1001, 3, ranges((0, 40), (3000, 1)))], whole=(1000, 1)), block([], counters=(6, 1, 2, 3, 4, 5))]),
    ),
    "HELLO": hello(),
    "HELLO-cookie": hello(cookie=COOKIE, seq=2),
    "HELLO-rider": hello(cookie=COOKIE, rider=raw(subscribe(session=0, seq=1)), seq=3),
    "RETRY": control(0x0A, "RETRY", blob(NONCE, "nonce") + cookie_fields(), who=NONE, session=0, seq=0),
    "WELCOME": control(0x89, "WELCOME", WELCOME, who=NONE, seq=1),
    "PATH_CHALLENGE": session_wide(0x0B, "PATH_CHALLENGE", blob(ECHO, "challenge")),
    "PATH_RESPONSE": session_wide(0x8B, "PATH_RESPONSE", blob(ECHO, "response")),
    "CLOCK": session_wide(0x0C, "CLOCK", []),
    "CLOCK_ACK": session_wide(0x8C, "CLOCK_ACK", CLOCK_ACK),
    "CLOSE": session_wide(0x0F, "CLOSE", close(16, "maintenance")),
    "CLOSE-last": session_wide(
        0x0F, "CLOSE", close(0, "", [producer() + stream_last(1, 0xCAFEF00D, 2000), producer("2BBB99") + stream_last(2, 7, 9)])
    ),
    "CLOSE-reset": control(0x0F, "CLOSE", blob(TOKEN, "reset token"), who=NONE, flags=1, seq=0, sent=0),
    "VERSIONS": control(
        0x1F, "VERSIONS", u8(2, "count of versions") + u8(1, "version 1") + u8(2, "version 2"), who=NONE, session=0, seq=0
    ),
}


# --- section 13: parity of frames of as many data shards as make a difference, some with a short last one

PARITY_SIZE = 70
PARITY_FRAMES = [1, 140, 560, 630, 631, 1120, 1190, 2240, 2241, 4480, 4481]


def parity_vectors():
    """A line for each parity shard: length of the frame, number of the shard, its bytes."""
    for length in PARITY_FRAMES:
        frame = bytes(i * i % 251 for i in range(1, length + 1))
        m = 16 if length <= 32 * PARITY_SIZE else 64
        wanted = [0, 1, m - 1]
        for number, shard in zip(wanted, reed_solomon.parity(frame, PARITY_SIZE, wanted)):
            yield f"{length} {number} {shard.hex().upper()}\n"


def outputs():
    """Every file that this script writes."""
    head = f"# Frame length, number of the parity shard, its bytes; shards of {PARITY_SIZE}, byte i of a frame is i * i mod 251, i from 1.\n"
    yield HERE / "parity.txt", (head + "".join(parity_vectors())).encode()
    for name, fields in FILES.items():
        yield HERE / f"{name}.hex", "".join(field.line() + "\n" for field in fields).encode()
        yield SEEDS / name, raw(fields if name.startswith("DATA") else fields[:-1])


def main():
    check, stale = "--check" in sys.argv, []
    SEEDS.mkdir(parents=True, exist_ok=True)
    for path, content in outputs():
        if not check:
            path.write_bytes(content)
        elif not path.exists() or path.read_bytes() != content:
            stale.append(path.name)
    stale += [path.name for path in HERE.glob("*.hex") if path.stem not in FILES]
    return f"not as make.py writes them: {' '.join(sorted(stale))}" if stale else None


if __name__ == "__main__":
    sys.exit(main())
