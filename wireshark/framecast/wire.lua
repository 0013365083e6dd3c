-- What the specification fixes (PROTOCOL 2, 3, 9, 10).

local wire = {}

wire.VERSION = 1
wire.PREFIX, wire.DATA_HEADER, wire.CONTROL_HEADER, wire.CRC = 6, 36, 24, 4
wire.DATAGRAM, wire.DATAGRAM_MAX = 1200, 1452
wire.SHARD_MAX, wire.SHARDS_MAX, wire.FRAME_MAX = 1416, 65472, 4194304
wire.EXT_WORDS_MAX, wire.VERSIONS_MAX, wire.RIDER_MAX, wire.COOKIE = 63, 8, 1024, 21
wire.TEXT_MAX, wire.LABEL_MAX, wire.TRACKS_MAX, wire.LAST_MAX = 64, 16, 16, 80
wire.SKIPPED_MAX, wire.RANGES_MAX, wire.COUNT_MAX = 16, 64, 255
wire.UNKNOWN = 4294967295

wire.DATA, wire.SUBSCRIBE, wire.SKIP, wire.HEARTBEAT, wire.HELLO, wire.RETRY = 0x00, 0x01, 0x06, 0x07, 0x09, 0x0A
wire.CLOSE, wire.FEEDBACK, wire.WELCOME = 0x0F, 0x80, 0x89

wire.EVENTS = {
    [0x00] = "DATA", [0x01] = "SUBSCRIBE", [0x02] = "UNSUBSCRIBE", [0x03] = "ANNOUNCE", [0x04] = "CATALOG",
    [0x05] = "END", [0x06] = "SKIP", [0x07] = "HEARTBEAT", [0x09] = "HELLO", [0x0A] = "RETRY",
    [0x0B] = "PATH_CHALLENGE", [0x0C] = "CLOCK", [0x0F] = "CLOSE", [0x1F] = "VERSIONS", [0x80] = "FEEDBACK",
    [0x81] = "SUBSCRIBE_ACK", [0x82] = "UNSUBSCRIBE_ACK", [0x83] = "ANNOUNCE_ACK", [0x84] = "CATALOG_ACK",
    [0x85] = "END_ACK", [0x89] = "WELCOME", [0x8B] = "PATH_RESPONSE", [0x8C] = "CLOCK_ACK",
}
wire.NAMES_PRODUCER = { [0x01] = true, [0x02] = true, [0x03] = true, [0x05] = true, [0x06] = true }
wire.CODES = {
    [0] = "OK", "INTERNAL", "PROTOCOL", "UNSUPPORTED", "NOT_AUTHORIZED", "TOKEN_EXPIRED", "NO_SUCH_STREAM",
    "DUPLICATE_PRODUCER", "SUPERSEDED", "LIMIT", "BUSY", "TOO_FAR_BEHIND", "IDLE", "PATH_MTU", "OPTIMISTIC_ACK",
    "REPLAY", "SHUTDOWN", "WAITING", "PRODUCER_LOST",
}
wire.ROLES = { "producer", "viewer", "probe" }
wire.KINDS = { "video", "audio", "data" }
wire.STARTS = { [0] = "next group", "current group", "live edge" }
wire.STATES = { "live", "stalled" }
wire.REASONS = { "expired", "thinned", "too large" }
wire.THINNINGS = {
    [0] = "every frame",
    "every 2nd frame",
    "every 3rd frame",
    "every 4th frame",
    "without discardable frames",
    "key frames only",
    "sound only",
    "paused",
}
wire.FORMS = { [0] = "whole frame", "bitmap", "ranges" }

return wire
