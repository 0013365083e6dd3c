-- Frames: from shards back to the JPEG or MP3 (PROTOCOL 3).

local arithmetic = require("framecast.arithmetic")
local lessons = require("framecast.lessons")
local memory = require("framecast.memory")
local prefs = require("framecast.prefs")

local crc32c, distance, rounded = arithmetic.crc32c, arithmetic.distance, arithmetic.rounded
local stream_name = arithmetic.stream_name

local function track_of(pinfo, head)
    local path = ("%s:%d > %s:%d"):format(tostring(pinfo.src), pinfo.src_port, tostring(pinfo.dst), pinfo.dst_port)
    local name = stream_name(head.producer, head.stream)
    local key = path .. name .. head.tag
    local track = memory.tracks[key]
    if not track then
        track = { path = path, name = name, tag = head.tag, skip_key = name .. head.tag, frames = {} }
        memory.tracks[key] = track
    end
    return track
end

local function span(from, to)
    return from == to and ("shard %d"):format(from) or ("shards %d to %d"):format(from, to)
end

-- What first-sent shards missed since the one before, if anything.
local function gap_before(track, head)
    local last = track.last
    local missing = {}
    local from = 0
    if head.frame == last.frame then
        from = last.next
    else
        if last.next < last.count then
            missing[1] = ("%s of frame %d"):format(span(last.next, last.count - 1), last.frame)
        end
        local first = lessons.after_skipped(track.skip_key, (last.frame + 1) % 4294967296)
        local frames = distance(first, head.frame)
        if frames > 0 then
            missing[#missing + 1] = ("%d frame(s) from %d on"):format(frames, first)
        end
    end
    if head.index > from then
        missing[#missing + 1] = ("%s of frame %d"):format(span(from, head.index - 1), head.frame)
    end
    return missing
end

local function follow(track, head, record)
    local last = track.last
    if last then
        local ahead = distance(last.frame, head.frame)
        if ahead < 0 or ahead == 0 and head.index < last.next then
            memory.note(record, "reordered")
            return
        end
        local missing = gap_before(track, head)
        if #missing > 0 then
            record.gap = true
            memory.note(record, "gap", "Did not come before: " .. table.concat(missing, ", "))
        end
    end
    track.last = { frame = head.frame, next = head.index + 1, count = head.count }
end

local function finish(frame, record)
    frame.data = table.concat(frame.parts, "", 0, frame.count - 1)
    frame.parts, frame.whole_in, frame.span = nil, record.number, rounded((record.time - frame.began) * 1000)
    frame.kind = memory.media[frame.track.name] or lessons.kind_by_magic(frame.data)
    record.completes = true
end

local function shard_of(head)
    return ("shard %d of frame %d"):format(head.index, head.frame)
end

-- Notes what is odd about a shard, and completes its frame if it is the last one that was missing. `shard` is nil
-- where the capture does not hold it.
local function analyse_shard(pinfo, head, shard, record)
    local track = track_of(pinfo, head)
    record.track, record.head, record.bytes = track, head, head.payload
    record.bad = prefs.check_data and shard and crc32c(shard, crc32c(head.canonical)) ~= head.crc
    if record.bad then
        memory.note(record, "bad_crc")
        return
    end
    if head.retx then
        memory.note(record, "repair", ("Repair of %s, round %d mod 4"):format(shard_of(head), head.round))
    end
    local frame = track.frames[head.frame]
    if not frame then
        frame = {
            track = track, number = head.frame, of_frame = head.of_frame, count = head.count, length = head.length, parts = {}, seen = {}, have = 0, repaired = 0, began = record.time,
        }
        track.frames[head.frame] = frame
    elseif frame.of_frame ~= head.of_frame then
        memory.note(record, "conflict")
        return
    end
    record.frame = frame
    if frame.seen[head.index] then
        record.duplicate = true
        local before = frame.seen[head.index]
        memory.note(record, "duplicate", ("Came before, in packet %d: %s"):format(before, shard_of(head)))
        return
    end
    frame.seen[head.index] = record.number
    if head.parity then
        return
    elseif head.retx then
        frame.repaired = frame.repaired + 1
    else
        follow(track, head, record)
    end
    if prefs.reassemble and shard then
        frame.parts[head.index], frame.have = shard, frame.have + 1
        if frame.have == frame.count then
            finish(frame, record)
        end
    end
end

return { analyse_shard = analyse_shard }
