-- DATA: one shard, or a run of them that one send carried or one receive gathered (PROTOCOL 3).

local arithmetic = require("framecast.arithmetic")
local fields = require("framecast.fields")
local frames = require("framecast.frames")
local memory = require("framecast.memory")
local pictures = require("framecast.pictures")
local prefix = require("framecast.prefix")
local reader = require("framecast.reader")
local summary = require("framecast.summary")
local wire = require("framecast.wire")

local F, has, clear, shards_of = fields.F, arithmetic.has, arithmetic.clear, arithmetic.shards_of

local DATA_FLAGS = {
    { "key", 0x80 }, { "end_of_group", 0x40 }, { "parity", 0x20 }, { "retx", 0x10 }, { "discardable", 0x08 },
    { "config", 0x04 },
}

local function read_data_flags(r, head)
    local flags, item, range = r:get("data.flags")
    local names = {}
    for _, flag in ipairs(DATA_FLAGS) do
        item:add(F["data.flags." .. flag[1]], range)
        if has(flags, flag[2]) then
            names[#names + 1] = flag[1]:upper()
        end
    end
    item:add(F["data.flags.layer"], range)
    if #names > 0 then
        item:append_text(" (" .. table.concat(names, ", ") .. ")")
    end
    head.flags = flags
    head.key, head.parity, head.retx = has(flags, 0x80), has(flags, 0x20), has(flags, 0x10)
end

-- Why no frame can be cut like this, or nil; else sets the number of data shards and the length of this shard.
local function check_geometry(head)
    if head.length == 0 or head.length > wire.FRAME_MAX then
        return ("a frame can't have %d bytes"):format(head.length)
    elseif head.size == 0 or head.size % 2 == 1 or head.size > wire.SHARD_MAX then
        return ("a shard can't have %d bytes"):format(head.size)
    end
    head.count = shards_of(head.length, head.size)
    local stop = head.parity and head.count + (head.count <= 32 and 16 or 64) or head.count
    if head.count > wire.SHARDS_MAX then
        return ("a frame can't have %d shards"):format(head.count)
    elseif head.index >= stop or head.parity and head.index < head.count then
        return ("shard %d is none of this frame"):format(head.index)
    elseif head.key and head.group ~= head.frame then
        return "a key frame opens its own group"
    end
    head.payload = head.parity and head.size or math.min(head.length - head.index * head.size, head.size)
    return nil
end

-- The header as the CRC covers it: hop-private parts and CRC are zero.
local function canonical(tvb, at, head)
    local mode, flags = head.mode - head.mode % 4, clear(head.flags, 0x10)
    return tvb:raw(at, 5) .. string.char(mode, flags, 0) .. "\0\0\0\0" .. tvb:raw(at + 12, 20) .. "\0\0\0\0"
end

-- What all shards of a frame have in common: neither PARITY nor index.
local function of_frame(tvb, at, head)
    return string.char(clear(clear(head.flags, 0x20), 0x10)) .. tvb:raw(at + 12, 12) .. tvb:raw(at + 26, 6)
end

local function read_shard(r)
    local from = r.at
    if r.tvb:range(from, 1):uint() ~= wire.DATA then
        reader.fault(("%d bytes are left over after the last shard"):format(r.stop - from))
    end
    local head, version = prefix.read(r)
    r.tree:add(F["data.round"], version)
    if head.stream == 0 then
        reader.fault("Stream id can't be 0")
    end
    head.round = head.mode % 4
    read_data_flags(r, head)
    r:get("data.pending")
    head.tag = r:get("tag")
    head.frame, head.group, head.length = r:get("data.frame"), (r:get("data.group")), (r:get("data.length"))
    head.index, head.size = r:get("data.index"), (r:get("data.shard_size"))
    r:get("data.capture")
    head.crc = r:get("data.crc")
    local wrong = check_geometry(head)
    if wrong then
        reader.fault(wrong)
    end
    head.canonical, head.of_frame = canonical(r.tvb, from, head), of_frame(r.tvb, from, head)
    r.head = head
    local shard = r:take(head.payload, "Shard")
    r.tree:add(F["data.shard"], shard)
    r.shard = shard:raw()
end

-- One DATA, or a run of them that one send carried or one receive gathered: each tells its own length.
local function dissect_data(tvb, pinfo, root, is_quoted)
    local at, captured, is_cut = 0, tvb:len(), tvb:len() < tvb:reported_len()
    local parts, well_formed = {}, true
    while at < captured and well_formed do
        local item = root:add(fields.protocol, tvb:range(at))
        local r = reader.over(tvb, at, captured, item, is_cut)
        well_formed = reader.attempt(r, read_shard)
        local head = r.head
        if head then
            local place = (", frame %d, shard %d of %d"):format(head.frame, head.index, head.count)
            item:append_text(", DATA " .. head.name .. place)
            item:set_len(r.at - at)
            local record, is_new = { notes = {} }, false
            if not is_quoted then
                record, is_new = memory.record_of(pinfo, at)
            end
            if is_new then
                frames.analyse_shard(pinfo, head, r.shard, record)
            end
            memory.add_notes(record, item)
            summary.add(parts, head, record)
            if record.frame then
                pictures.show_frame(record.frame, record, pinfo, item)
            end
        end
        at = r.at
    end
    return summary.text(parts, not well_formed and not is_cut)
end

return { dissect = dissect_data, check_geometry = check_geometry }
