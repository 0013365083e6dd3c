-- Whether a datagram of any port is Framecast: for the heuristic.

local arithmetic = require("framecast.arithmetic")
local check_geometry = require("framecast.data").check_geometry
local wire = require("framecast.wire")

local has, crc32c = arithmetic.has, arithmetic.crc32c

-- The geometry of a shard leaves little to chance: version, mode, ids, sizes, index and the length of the datagram.
local function looks_like_data(tvb)
    if tvb:len() < wire.DATA_HEADER or tvb:range(1, 3):uint() == 0 or tvb:range(4, 1):uint() == 0 then
        return false
    end
    local flags = tvb:range(6, 1):uint()
    local head = {
        key = has(flags, 0x80), parity = has(flags, 0x20), frame = tvb:range(12, 4):uint(),
        group = tvb:range(16, 4):uint(), length = tvb:range(20, 4):uint(), index = tvb:range(24, 2):uint(),
        size = tvb:range(26, 2):uint(),
    }
    if check_geometry(head) then
        return false
    end
    local rest = tvb:reported_len() - wire.DATA_HEADER - head.payload
    local next_one = wire.DATA_HEADER + head.payload
    return rest == 0 or rest > wire.DATA_HEADER
        and (tvb:len() < next_one + 4 or tvb:raw(next_one, 4) == tvb:raw(0, 4))
end

local function looks_like_control(tvb)
    local length = tvb:len()
    return length >= wire.CONTROL_HEADER + wire.CRC and length == tvb:reported_len()
        and tvb:range(length - wire.CRC, wire.CRC):uint() == crc32c(tvb:raw(0, length - wire.CRC))
end

return function(tvb)
    if tvb:len() < wire.PREFIX then
        return false
    end
    local event, mode = tvb:range(0, 1):uint(), tvb:range(5, 1):uint()
    if not wire.EVENTS[event] or math.floor(mode / 16) ~= wire.VERSION or mode % 16 >= 4 then
        return false
    end
    return event == wire.DATA and looks_like_data(tvb) or event ~= wire.DATA and looks_like_control(tvb)
end
