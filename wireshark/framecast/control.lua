-- Control messages: header, extensions, body, CRC (PROTOCOL 2.3).

local bodies = require("framecast.bodies")
local crc32c = require("framecast.arithmetic").crc32c
local E = require("framecast.marks")
local fields = require("framecast.fields")
local links = require("framecast.links")
local memory = require("framecast.memory")
local prefix = require("framecast.prefix")
local reader = require("framecast.reader")
local wire = require("framecast.wire")

local F = fields.F

local function read_extensions(r, words)
    local stop = r.at + words * 4
    if stop > r.stop then
        r:take(words * 4, "the extensions")
    end
    local outer, message_stop = r.tree, r.stop
    r.stop = stop
    while r.at < stop do
        if r.tvb:range(r.at, 1):uint() == 0 then
            r.at = r.at + 1
        else
            r.tree = outer:add(F.ext, r.tvb:range(r.at, 1))
            local kind = r:get("ext.type")
            local length = r:get("ext.length")
            local value = r:take(length, "Extension")
            if length > 0 then
                r.tree:add(F["ext.value"], value)
            end
            r.tree:set_len(2 + length)
            r.tree:set_text(("Extension 0x%02x, unknown"):format(kind))
            if kind >= 0x80 then
                reader.fault(("extension 0x%02x is critical and unknown"):format(kind))
            end
        end
    end
    r.tree, r.stop = outer, message_stop
end

local function read_header(r)
    local event = r.tvb:range(r.at, 1):uint()
    local head = prefix.read(r, not wire.NAMES_PRODUCER[event])
    r.head = head
    local words = r:get("ext_words")
    if words > wire.EXT_WORDS_MAX then
        reader.fault(("%d words of extensions are more than %d"):format(words, wire.EXT_WORDS_MAX))
    end
    local flags, item, range = r:get("flags")
    item:add(F["flags.reset"], range)
    head.is_reset = event == wire.CLOSE and flags % 2 == 1
    local _, _, session = r:get("session")
    head.session = session:raw()
    head.seq, head.sent = r:get("seq"), r:get("sent")
    read_extensions(r, words)
end

local function read_message(r, length)
    read_header(r)
    if length > (r.head.event == wire.HELLO and wire.DATAGRAM_MAX or wire.DATAGRAM) then
        reader.fault(("%d bytes are more than any message has"):format(length))
    elseif r.head.event == wire.HELLO and length < wire.DATAGRAM and not r.is_cut then
        reader.fault(("a HELLO of %d bytes is shorter than %d"):format(length, wire.DATAGRAM))
    end
    r.info = bodies[r.head.event](r)
    if r.at < r.stop then
        reader.fault(("%d bytes are left over after the body"):format(r.stop - r.at))
    end
end

-- Dissects the message that fills tvb from `from` on, `length` bytes of which `captured` are at hand. Returns the
-- reader, and whether the message is whole, right and well-formed.
local function dissect_message(tvb, from, length, captured, tree, dissect_rider)
    local is_cut = captured < length
    local stop = from + math.min(captured, math.max(length - wire.CRC, 0))
    local r = reader.over(tvb, from, stop, tree, is_cut)
    r.dissect_rider, r.is_rider = dissect_rider, dissect_rider == nil
    local well_formed = reader.attempt(r, read_message, length)
    if is_cut then
        if well_formed then
            tree:add_proto_expert_info(E.cut)
        end
        return r, false
    elseif length < wire.CONTROL_HEADER + wire.CRC then
        return r, false
    end
    local range = tvb:range(stop, wire.CRC)
    local item = tree:add(F.crc, range)
    if range:uint() ~= crc32c(tvb:raw(from, length - wire.CRC)) then
        item:add_proto_expert_info(r.is_rider and E.bad_rider or E.bad_crc)
        return r, false
    end
    return r, well_formed
end

-- The SUBSCRIBE that rides in a HELLO: its ids and request, or nil.
local function dissect_rider(range, item)
    if range:range(0, 1):uint() ~= wire.SUBSCRIBE then
        item:add_proto_expert_info(E.bad_rider, "the rider is no SUBSCRIBE")
        return nil
    end
    local r, is_right = dissect_message(range:tvb(), 0, range:len(), range:len(), item)
    return is_right and { producer = r.head.producer, stream = r.head.stream, name = r.head.name, req = r.req } or nil
end

local function analyse_message(r, pinfo, record)
    local head = r.head
    for _, learn in ipairs(r.lessons) do
        learn()
    end
    links.link_message(r, record)
    if head.seq ~= 0 and head.session:find("[^\0]") then
        memory.check_number(record, ("%s %s %d"):format(head.session, tostring(pinfo.src), pinfo.src_port), head.seq)
    end
end

-- The message in tvb from the first byte on.
local function dissect_control(tvb, pinfo, root, is_quoted)
    local item = root:add(fields.protocol, tvb:range())
    local r, is_right = dissect_message(tvb, 0, tvb:reported_len(), tvb:len(), item, dissect_rider)
    local event = wire.EVENTS[tvb:range(0, 1):uint()]
    local name = r.head and r.head.producer ~= 0 and r.head.name .. " " or ""
    local info = (name .. event .. " " .. (r.info or "")):gsub("%s+$", "")
    item:append_text(", " .. info)
    if is_right and not is_quoted then
        local record, is_new = memory.record_of(pinfo, 0)
        if is_new then
            analyse_message(r, pinfo, record)
        end
        links.show_links(record, item)
        memory.add_notes(record, item)
        if record.repeat_of then
            info = info .. " (repeated)"
        end
    end
    return is_right and info or info .. " [not accepted]"
end

return { dissect = dissect_control }
