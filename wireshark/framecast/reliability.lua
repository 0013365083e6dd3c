-- The bodies of PROTOCOL 7: FEEDBACK, HEARTBEAT, SKIP.

local F = require("framecast.fields").F
local fault = require("framecast.reader").fault
local parts = require("framecast.parts")
local stream_name = require("framecast.arithmetic").stream_name
local wire = require("framecast.wire")

local bodies = {}

-- What both track blocks begin with.
local function read_block_head(r)
    local producer, stream = r:producer("block.producer"), r:not_zero("block.stream_id")
    return producer, stream, (r:get("block.tag"))
end

local function read_missing_ranges(r)
    local after = 0
    for _ = 1, r:count("missing.ranges", wire.RANGES_MAX) do
        local first, count = r:get("missing.range.first"), r:not_zero("missing.range.count")
        if first < after or first + count > 65536 then
            fault(("%d shards from %d on: out of order or beyond the last index"):format(count, first))
        end
        after = first + count
    end
end

local function read_missing(r)
    local frame = r:get("missing.frame")
    local round = r:not_zero("missing.round")
    local form = r:one_of("missing.form", wire.FORMS)
    if form == 1 then
        r:get("missing.first")
        r:counted("missing.bitmap", wire.COUNT_MAX)
    elseif form == 2 then
        read_missing_ranges(r)
    end
    return ("frame %d, round %d, %s"):format(frame, round, wire.FORMS[form])
end

bodies[wire.FEEDBACK] = function(r)
    r.heartbeat = r:get("feedback.heartbeat")
    r:get("heartbeat.nonce")
    r.hold = r:get("feedback.hold")
    r:get("feedback.datagrams")
    r:get("feedback.bytes")
    r:get("feedback.duplicates")
    r:get("feedback.lost")
    r:get("feedback.runs")
    r:get("feedback.jitter")
    r:get("horizon")
    local asked, names = 0, {}
    r:each(r:count("blocks.count", wire.COUNT_MAX), "block", function()
        local producer, stream = read_block_head(r)
        local flags, item, range = r:get("block.flags")
        item:add(F["block.flags.counters"], range)
        item:add(F["block.flags.whole"], range)
        if flags > 3 then
            fault("Flags: unknown ones are set")
        end
        r:get("block.done_before")
        local newest = r:get("block.newest")
        if flags >= 2 then
            r:get("block.whole")
            r:get("block.whole_digest")
        end
        if flags % 2 == 1 then
            for _, abbr in ipairs({ "direct", "repaired_arq", "repaired_fec", "late", "lost", "skipped" }) do
                r:get("block." .. abbr)
            end
        end
        local missing = r:count("missing.count", wire.COUNT_MAX)
        r:each(missing, "missing", read_missing)
        asked = asked + missing
        names[#names + 1] = ("%s up to %d"):format(stream_name(producer, stream), newest)
        return ("%s, newest %d, %d missing"):format(stream_name(producer, stream), newest, missing)
    end)
    return table.concat(names, ", ") .. (asked > 0 and (", asks for %d frame(s)"):format(asked) or "")
end

bodies[wire.HEARTBEAT] = function(r)
    r:get("heartbeat.nonce")
    r:get("heartbeat.datagrams")
    r:get("heartbeat.bytes")
    r.echo, r.hold = r:get("heartbeat.echo"), r:get("heartbeat.hold")
    if r.hold == wire.UNKNOWN then
        if r.echo ~= 0 then
            fault("an echo of no wire.FEEDBACK is 0")
        end
        r.echo = nil
    end
    r:get("catalog.generation")
    local flags, item, range = r:get("heartbeat.flags")
    item:add(F["heartbeat.flags.asks"], range)
    if flags > 1 then
        fault("Flags: unknown ones are set")
    end
    local names = {}
    r:each(r:count("blocks.count", wire.COUNT_MAX), "block", function()
        local producer, stream, tag = read_block_head(r)
        local newest = r:get("block.newest")
        r:get("block.length")
        r:get("block.held")
        r:get("block.pending")
        r:get("block.oldest")
        local thinning = r:one_of("block.thinning", wire.THINNINGS)
        parts.read_clock(r)
        r:each(r:count("skip.count", wire.SKIPPED_MAX), "skip", function()
            return parts.read_range(r, producer, stream, tag)
        end)
        names[#names + 1] = ("%s at %d"):format(stream_name(producer, stream), newest)
        local thinned = thinning > 0 and (", " .. wire.THINNINGS[thinning]) or ""
        return ("%s, newest %d%s"):format(stream_name(producer, stream), newest, thinned)
    end)
    return table.concat(names, ", ")
end

bodies[wire.SKIP] = function(r)
    local texts = {}
    r:each(r:count("skip.count", wire.RANGES_MAX), "skip", function()
        local stream = r:not_zero("skip.stream_id")
        local tag = r:get("skip.tag")
        local text = parts.read_range(r, r.head.producer, stream, tag)
        texts[#texts + 1] = text
        return text
    end)
    return table.concat(texts, "; ")
end

return bodies
