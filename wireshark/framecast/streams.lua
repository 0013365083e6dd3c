-- Statistics: a line per stream and path, in a window of Wireshark or by `tshark -q -z framecast,streams`.

local memory = require("framecast.memory")
local wire = require("framecast.wire")

local function count_shard(streams, record)
    local track = record.track
    local key = track.path .. track.name
    local s = streams[key]
    if not s then
        s = {
            path = track.path, name = track.name, first = record.time, datagrams = 0, bytes = 0, frames = 0, whole = 0,
            repaired = 0, repairs = 0, duplicates = 0, gaps = 0, bad = 0, seen = {},
        }
        streams[key], streams[#streams + 1] = s, s
    end
    local frame = record.frame
    s.last, s.datagrams, s.bytes = record.time, s.datagrams + 1, s.bytes + wire.DATA_HEADER + record.bytes
    s.repairs = s.repairs + (record.head.retx and 1 or 0)
    s.bad = s.bad + (record.bad and 1 or 0)
    s.duplicates, s.gaps = s.duplicates + (record.duplicate and 1 or 0), s.gaps + (record.gap and 1 or 0)
    if frame and not s.seen[frame] then
        s.seen[frame], s.frames = true, s.frames + 1
    end
    if record.completes then
        s.whole, s.repaired, s.kind = s.whole + 1, s.repaired + (frame.repaired > 0 and 1 or 0), frame.kind
    end
end

local ROW = "%-11s %-43s %-10s %9s %11s %8s %7s %7s %8s %8s %10s %6s %6s"

local function table_of(streams)
    local lines = {
        ROW:format("stream", "from > to", "media", "datagrams", "bytes", "kbit/s", "frames", "whole", "repaired",
            "repairs", "duplicates", "gaps", "wrong"),
    }
    for _, s in ipairs(streams) do
        local seconds = s.last - s.first
        local rate = seconds > 0 and ("%.0f"):format(s.bytes * 8 / 1000 / seconds) or "-"
        lines[#lines + 1] = ROW:format(s.name, s.path, s.kind or "-", s.datagrams, s.bytes, rate, s.frames, s.whole,
            s.repaired, s.repairs, s.duplicates, s.gaps, s.bad)
    end
    return table.concat(lines, "\n") .. "\n"
end

-- A listener whose table is handed to `draw`; it obeys a display filter.
local function listen(draw, filter)
    local streams = {}
    local is_filtered = filter and filter ~= ""
    local listener = Listener.new("frame", is_filtered and ("framecast && (%s)"):format(filter) or "framecast")
    function listener.packet(pinfo)
        for _, record in ipairs(memory.by_packet[pinfo.number] or {}) do
            if record.track then
                count_shard(streams, record)
            end
        end
    end
    function listener.draw()
        draw(table_of(streams))
    end
    function listener.reset()
        streams = {}
    end
    return listener
end

if gui_enabled() then
    register_menu("Framecast/Streams", function()
        local window = TextWindow.new("Framecast: streams")
        local listener = listen(function(text)
            window:set(text)
        end, get_filter and get_filter())
        window:set_atclose(function()
            listener:remove()
        end)
        retap_packets()
    end, MENU_TOOLS_UNSORTED)
else
    -- tshark -q -z framecast,streams
    register_stat_cmd_arg("framecast,streams", function()
        listen(function(text)
            io.stdout:write(text)
        end)
    end)
end
