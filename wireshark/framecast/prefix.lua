-- What every datagram begins with (PROTOCOL 2.1).

local arithmetic = require("framecast.arithmetic")
local E = require("framecast.marks")
local F = require("framecast.fields").F
local fault = require("framecast.reader").fault
local wire = require("framecast.wire")

local stream_name = arithmetic.stream_name

-- The first six bytes of any datagram. False for a version or mode that is not spoken here.
local function read_prefix(r, may_be_zero)
    local head = { event = r:get("event") }
    local producer, item = r:get("producer")
    item:set_text(("Producer id: %06X"):format(producer))
    local stream = r:get("stream_id")
    head.producer, head.stream, head.name = producer, stream, stream_name(producer, stream)
    if producer ~= 0 then
        r.tree:add(F.stream, head.name):set_generated()
    elseif not may_be_zero then
        fault("Producer id can't be 0")
    end
    local mode, version_item, range = r:get("version")
    head.mode = mode
    r.tree:add(F.mode, range)
    if mode >= (wire.VERSION + 1) * 16 or mode < wire.VERSION * 16 or mode % 16 >= 4 then
        fault(("version %d, mode %d"):format(math.floor(mode / 16), math.floor(mode % 16 / 4)), E.foreign)
    end
    return head, range, version_item
end

return { read = read_prefix }
