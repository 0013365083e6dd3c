-- The bodies of PROTOCOL 5 and 6: publishing and subscribing.

local F = require("framecast.fields").F
local fault = require("framecast.reader").fault
local lessons = require("framecast.lessons")
local parts = require("framecast.parts")
local wire = require("framecast.wire")

local bodies = {}

bodies[0x03] = function(r) -- ANNOUNCE
    r.req = r:get("req")
    parts.read_epoch(r)
    r:get("announce.identity")
    r:get("announce.max_rate")
    r:get("announce.min_latency")
    r:get("shard_size")
    local name = r:text("name")
    if parts.read_tracks(r) == 0 then
        fault("nothing is announced without a track")
    end
    return ("req %d %s"):format(r.req, name)
end

bodies[0x83] = function(r) -- ANNOUNCE_ACK
    r.req = r:get("req")
    local status = parts.read_status(r)
    parts.read_epoch(r)
    r:get("tag")
    r:get("horizon")
    r:text("reason")
    return ("req %d %s"):format(r.req, status)
end

bodies[0x05] = function(r) -- END
    r.req = r:get("req")
    local reason = parts.code_name((r:get("end.reason")))
    parts.read_last_frames(r, wire.TRACKS_MAX)
    return ("req %d %s"):format(r.req, reason)
end

bodies[wire.SUBSCRIBE] = function(r)
    r.req = r:get("req")
    local _, kinds, range = r:get("subscribe.kinds")
    kinds:add(F["subscribe.kinds.video"], range)
    kinds:add(F["subscribe.kinds.audio"], range)
    kinds:add(F["subscribe.kinds.data"], range)
    r:one_of("subscribe.start", wire.STARTS)
    r:get("subscribe.max_layer")
    r:get("subscribe.parity")
    local latency = r:get("latency")
    r:get("subscribe.max_rate")
    return ("req %d, %d ms"):format(r.req, latency)
end

bodies[0x81] = function(r) -- SUBSCRIBE_ACK
    r.req = r:get("req")
    local status = parts.read_status(r)
    r:get("latency")
    parts.read_epoch(r)
    r:get("tag")
    r:get("shard_size")
    parts.read_clock(r)
    local name = r:text("name")
    parts.read_tracks(r)
    return ("req %d %s %s"):format(r.req, status, name)
end

local function read_req(r) -- END_ACK, UNSUBSCRIBE
    r.req = r:get("req")
    return "req " .. r.req
end
bodies[0x85], bodies[0x02] = read_req, read_req

bodies[0x82] = function(r) -- UNSUBSCRIBE_ACK
    r.req = r:get("req")
    local status = parts.read_status(r)
    parts.read_last_frames(r, wire.TRACKS_MAX)
    return ("req %d %s"):format(r.req, status)
end

bodies[0x04] = function(r) -- CATALOG
    r.req = r:get("req")
    local from_start = r:one_of("catalog.from_start", { [0] = true, [1] = true })
    local after = r:get("catalog.after")
    if from_start == 1 and after ~= 0 then
        fault("the page from the start comes after no entry")
    end
    return ("req %d, %s"):format(r.req, from_start == 1 and "from the start" or ("after %06X"):format(after))
end

bodies[0x84] = function(r) -- CATALOG_ACK
    r.req = r:get("req")
    r:get("catalog.generation")
    local more = r:one_of("catalog.more", { [0] = true, [1] = true })
    local before, count = -1, r:count("catalog.count", wire.COUNT_MAX)
    r:each(count, "catalog.entry", function()
        local producer = r:producer("catalog.producer")
        local state = r:one_of("catalog.state", wire.STATES)
        parts.read_epoch(r)
        r:get("catalog.viewers")
        local name = r:text("name")
        r:each(r:count("tracks.count", wire.TRACKS_MAX), "track", function()
            local stream = r:not_zero("track.stream_id")
            local kind = r:one_of("track.kind", wire.KINDS)
            local extension = r:label("track.extension")
            r:get("track.duration")
            r:later(lessons.learn_track, producer, stream, "", extension)
            return ("%02X, %s, %s"):format(stream, wire.KINDS[kind], extension)
        end)
        if producer <= before then
            r.unsorted = true
        end
        before = producer
        return ("%06X %s, %s"):format(producer, name, wire.STATES[state])
    end)
    if r.unsorted or more == 1 and count == 0 then
        fault("the entries don't ascend, or there is more after none")
    end
    return ("req %d, %d entries"):format(r.req, count)
end

return bodies
