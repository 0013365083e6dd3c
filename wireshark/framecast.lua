-- The Framecast protocol, version 1, in Wireshark and tshark: every field of docs/PROTOCOL.md, frames put together
-- again, questions and answers linked, and what went wrong on the path marked. docs/WIRESHARK.md shows its use.
--
-- For Wireshark 4.0 (Lua 5.2) and later (Lua 5.4): only what both languages share.

-- The modules lie in the folder `framecast` beside this file, or above it in what `framecast wireshark` writes.
package.path = (debug.getinfo(1, "S").source:match("^@(.*[/\\])") or "./") .. "?.lua;" .. package.path

local bodies = require("framecast.bodies")
local control = require("framecast.control")
local data = require("framecast.data")
local E = require("framecast.marks")
local framecast = require("framecast.fields").protocol
local guess = require("framecast.guess")
local memory = require("framecast.memory")
local prefix = require("framecast.prefix")
local prefs = require("framecast.prefs")
local reader = require("framecast.reader")
local wire = require("framecast.wire")
require("framecast.streams")

framecast.init = memory.forget

-- An ICMP error quotes what was seen before: it is shown, but no part of the analysis.
local icmp, icmpv6 = Field.new("icmp.type"), Field.new("icmpv6.type")

local function dissect_unknown(tvb, root)
    local item = root:add(framecast, tvb:range())
    item:add_proto_expert_info(E.unknown)
    reader.attempt(reader.over(tvb, 0, tvb:len(), item, false), prefix.read, true)
    return ("unknown event 0x%02X"):format(tvb:range(0, 1):uint())
end

function framecast.dissector(tvb, pinfo, root)
    if tvb:len() < wire.PREFIX then
        return 0
    end
    local event, mode = tvb:range(0, 1):uint(), tvb:range(5, 1):uint()
    local is_quoted = icmp() ~= nil or icmpv6() ~= nil
    local info
    if event == wire.DATA then
        info = data.dissect(tvb, pinfo, root, is_quoted)
    elseif bodies[event] then
        info = control.dissect(tvb, pinfo, root, is_quoted)
    elseif math.floor(mode / 16) == wire.VERSION then
        info = dissect_unknown(tvb, root)
    else
        return 0
    end
    -- Last, for the dissectors of pictures and sound write into the columns.
    pinfo.cols.protocol:set("Framecast")
    pinfo.cols.info:set(info)
    return tvb:len()
end

framecast:register_heuristic("udp", function(tvb, pinfo, root)
    if not guess(tvb) then
        return false
    end
    framecast.dissector(tvb, pinfo, root)
    pinfo.conversation = framecast
    return true
end)

local udp_ports = DissectorTable.get("udp.port")
local ports = prefs.ports
udp_ports:add(ports, framecast)

function framecast.prefs_changed()
    if ports ~= prefs.ports then
        udp_ports:remove(ports, framecast)
        ports = prefs.ports
        udp_ports:add(ports, framecast)
    end
end
