-- A whole frame in the tree, handed to Wireshark's own dissectors.

local E = require("framecast.marks")
local F = require("framecast.fields").F
local prefs = require("framecast.prefs")

local dissectors = {} -- by media type; false where this Wireshark has none

local function dissector_for(kind)
    if dissectors[kind] == nil then
        local by_type = DissectorTable.get("media_type"):get_dissector(kind)
        local by_name = { ["image/jpeg"] = "image-jfif", ["audio/mpeg"] = "mpeg" }
        local found, dissector = pcall(Dissector.get, by_name[kind] or "")
        dissectors[kind] = by_type or found and dissector or false
    end
    return dissectors[kind]
end

-- Wireshark's own view of the frame. A dissector that fails leaves its own mark in the tree.
local function show_media(frame, pinfo, tree)
    local tvb = ByteArray.new(frame.data, true):tvb(("Frame %d of %s"):format(frame.number, frame.track.name))
    local item = tree:add(F["frame.data"], tvb:range())
    if frame.kind then
        item:append_text(" (" .. frame.kind .. ")")
        tree:add(F["frame.kind"], frame.kind):set_generated()
    end
    local dissector = frame.kind and dissector_for(frame.kind)
    if dissector then
        pcall(dissector.call, dissector, tvb:range():tvb(), pinfo, tree)
    end
end

local function show_frame(frame, record, pinfo, item)
    if not record.completes then
        if frame.whole_in then
            item:add(F["frame.whole_in"], frame.whole_in):set_generated()
        elseif pinfo.visited and prefs.reassemble then
            item:add_proto_expert_info(E.incomplete)
        end
        return
    end
    local tree = item:add(F["frame.whole"])
    tree:set_text(("Whole: frame %d of %s, %d bytes in %d shards"):format(frame.number, frame.track.name,
        #frame.data, frame.count))
    tree:set_generated()
    tree:add(F["frame.shards"], frame.count):set_generated()
    tree:add(F["frame.repaired"], frame.repaired):set_generated()
    tree:add(F["frame.span"], frame.span):set_generated()
    local packet
    for index = 0, frame.count - 1 do
        if frame.seen[index] ~= packet then
            packet = frame.seen[index]
            tree:add(F["frame.shard"], packet):append_text((", from shard %d on"):format(index)):set_generated()
        end
    end
    show_media(frame, pinfo, tree)
end

return { show_frame = show_frame }
