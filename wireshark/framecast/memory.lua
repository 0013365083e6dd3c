-- What is remembered of the packets so far. Each message is analysed once, when it is first seen; its record holds what
-- was found and is shown again each time.

local arithmetic = require("framecast.arithmetic")
local E = require("framecast.marks")

local distance, rounded = arithmetic.distance, arithmetic.rounded

local memory = {}

function memory.forget()
    memory.records = {}   -- by packet and offset: what was found when the message was first seen
    memory.by_packet = {} -- the same, by packet
    memory.requests = {}  -- by key: the first and the latest packet that asked
    memory.reports = {}   -- by session and number: HEARTBEATs; by session and send time: FEEDBACKs
    memory.numbers = {}   -- by session and sender: the sequence numbers seen
    memory.tracks = {}    -- by path, stream and tag: its frames
    memory.skips = {}     -- by stream and tag: ranges that will never come
    memory.media = {}     -- by stream: the media type that a track entry named
end

-- The record of the message at `offset`, and whether it is seen for the first time: only then it is analysed.
function memory.record_of(pinfo, offset)
    local key = pinfo.number * 65536 + offset
    local record = memory.records[key]
    if record then
        return record, false
    end
    record = { number = pinfo.number, time = pinfo.rel_ts, notes = {} }
    memory.records[key] = record
    local in_packet = memory.by_packet[pinfo.number] or {}
    memory.by_packet[pinfo.number] = in_packet
    table.insert(in_packet, record)
    return record, true
end

function memory.note(record, abbr, text)
    local note = { expert = E[abbr], text = text }
    record.notes[#record.notes + 1] = note
    return note
end

local function withdraw(record, note)
    for index, each in ipairs(record.notes) do
        if each == note then
            table.remove(record.notes, index)
            return
        end
    end
end

function memory.add_notes(record, item)
    for _, each in ipairs(record.notes) do
        if each.text then
            item:add_proto_expert_info(each.expert, each.text)
        else
            item:add_proto_expert_info(each.expert)
        end
    end
end

function memory.ask(record, key)
    local asked = memory.requests[key]
    if asked then
        record.repeat_of = asked.first
        memory.note(record, "repeated")
    else
        asked = { first = record.number }
        memory.requests[key] = asked
    end
    asked.latest = record
    return asked
end

function memory.answer(record, asked)
    if asked then
        local question = asked.latest
        question.response_in = question.response_in or record.number
        record.response_to, record.answered_after = question.number, rounded((record.time - question.time) * 1000)
    end
end

local GAPS_KEPT = 64 -- per session and sender: a number from before that will not come any more

local function missing_before(count)
    return ("Did not come before: %d control message(s)"):format(count)
end

local function note_gap(seen, record, from, to)
    local missing = distance(from, to) + 1
    local note = memory.note(record, "gap", missing_before(missing))
    table.insert(seen.gaps, { from = from, to = to, missing = missing, record = record, note = note })
    if #seen.gaps > GAPS_KEPT then
        table.remove(seen.gaps, 1)
    end
end

-- A number that comes after all was overtaken and not lost: it is missing no more where the gap was marked.
local function fill_gap(seen, seq)
    for _, gap in ipairs(seen.gaps) do
        if distance(gap.from, seq) >= 0 and distance(seq, gap.to) >= 0 then
            gap.missing = gap.missing - 1
            gap.note.text = missing_before(gap.missing)
            if gap.missing == 0 then
                withdraw(gap.record, gap.note)
            end
            return
        end
    end
end

function memory.check_number(record, key, seq)
    local seen = memory.numbers[key]
    if not seen then
        memory.numbers[key] = { highest = seq, gaps = {}, [seq] = true }
        return
    end
    local ahead = distance(seen.highest, seq)
    if seen[seq] then
        memory.note(record, "duplicate", ("Sequence number %d was seen before: dropped as a replay"):format(seq))
    elseif ahead > 1 then
        note_gap(seen, record, (seen.highest + 1) % 4294967296, (seq - 1) % 4294967296)
    elseif ahead < 0 then
        memory.note(record, "reordered")
        fill_gap(seen, seq)
    end
    seen[seq] = true
    if ahead > 0 then
        seen.highest = seq
    end
end

return memory
