-- What the bodies of several messages share (PROTOCOL 4 to 7).

local arithmetic = require("framecast.arithmetic")
local E = require("framecast.marks")
local fault = require("framecast.reader").fault
local lessons = require("framecast.lessons")
local wire = require("framecast.wire")

local distance, stream_name = arithmetic.distance, arithmetic.stream_name
local parts = {}

function parts.code_name(code)
    return wire.CODES[code] or ("code " .. code)
end

function parts.read_status(r)
    local status, item = r:get("status")
    if status ~= 0 and wire.CODES[status] ~= "WAITING" then
        item:add_proto_expert_info(E.refused, parts.code_name(status))
    end
    return parts.code_name(status)
end

function parts.read_epoch(r)
    local _, item, range = r:get("epoch")
    local seconds = math.floor(range:uint64():tonumber() / 1000)
    if seconds > 0 and seconds < 4102444800 then -- the year 2100: what os.date refuses lies far beyond
        item:append_text((" (%s)"):format(os.date("!%Y-%m-%d %H:%M:%S UTC", seconds)))
    end
end

function parts.read_clock(r)
    r:get("clock.capture")
    r:get("clock.broker")
    r:get("clock.drift")
    local err, item = r:get("clock.error")
    if err == wire.UNKNOWN then
        item:append_text(" (not known)")
    end
end

function parts.read_tracks(r)
    local count = r:count("tracks.count", wire.TRACKS_MAX)
    local before = {}
    r:each(count, "track", function()
        local stream = r:not_zero("track.stream_id")
        local kind = r:one_of("track.kind", wire.KINDS)
        local codec, extension = r:label("track.codec"), r:label("track.extension")
        r:get("track.duration")
        r:get("track.sync_group")
        r:get("track.layer")
        r:get("track.next")
        before[#before + 1] = stream
        r:later(lessons.learn_track, r.head.producer, stream, codec, extension)
        return ("%02X, %s, %s"):format(stream, wire.KINDS[kind], codec)
    end)
    table.sort(before)
    for index = 2, #before do
        if before[index] == before[index - 1] then
            fault(("Stream id %02X has two tracks"):format(before[index]))
        end
    end
    return count
end

function parts.read_last_frames(r, most, names_producer)
    r:each(r:count("last.count", most), "last", function()
        local producer = names_producer and r:producer("last.producer") or r.head.producer
        local stream = r:not_zero("last.stream_id")
        r:get("last.tag")
        return ("%s, %d"):format(stream_name(producer, stream), (r:get("last.frame")))
    end)
end

function parts.read_range(r, producer, stream, tag)
    local from, to = r:get("skip.from"), r:get("skip.to")
    if from ~= to and distance(from, to) <= 0 then
        fault(("Skipped: %d does not come after %d"):format(to, from))
    end
    local reason = r:one_of("skip.reason", wire.REASONS)
    r:later(lessons.learn_skip, producer, stream, tag, from, to)
    return ("%s, %d to %d, %s"):format(stream_name(producer, stream), from, to, wire.REASONS[reason])
end

-- The version list of HELLO and VERSIONS.
function parts.read_versions(r)
    local count = r:count("versions.count", wire.VERSIONS_MAX)
    if count == 0 then
        fault("no version is named")
    end
    for _ = 1, count do
        r:get("versions.version")
    end
end

return parts
