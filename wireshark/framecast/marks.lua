-- Expert information: what is wrong or odd.

local fields = require("framecast.fields")

local E = {}

local function mark(abbr, text, group, severity)
    E[abbr] = ProtoExpert.new("framecast.expert." .. abbr, text, expert.group[group], expert.severity[severity])
end

mark("malformed", "Malformed", "MALFORMED", "ERROR")
mark("bad_crc", "Wrong CRC-32C: dropped by whoever receives it", "CHECKSUM", "ERROR")
mark("bad_rider", "Malformed rider", "MALFORMED", "WARN")
mark("foreign", "Another version or mode", "UNDECODED", "WARN")
mark("unknown", "Unknown event: skipped and counted", "UNDECODED", "NOTE")
mark("cut", "The capture holds only the beginning of this datagram", "UNDECODED", "NOTE")
mark("gap", "Gap", "SEQUENCE", "WARN")
mark("repair", "Repair", "SEQUENCE", "NOTE")
mark("duplicate", "Duplicate", "SEQUENCE", "NOTE")
mark("reordered", "Overtaken by later ones", "SEQUENCE", "NOTE")
mark("conflict", "Disagrees with the first shard of its frame: dropped", "SEQUENCE", "WARN")
mark("incomplete", "The frame does not become whole in this capture", "REASSEMBLE", "NOTE")
mark("repeated", "Request repeated", "SEQUENCE", "NOTE")
mark("refused", "Refused", "RESPONSE_CODE", "WARN")
mark("closed", "End of the session", "SEQUENCE", "CHAT")
mark("reset", "Stateless reset: the broker does not know the session", "SEQUENCE", "WARN")

local experts = {}
for _, each in pairs(E) do
    experts[#experts + 1] = each
end
fields.protocol.experts = experts


return E
