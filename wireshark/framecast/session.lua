-- The bodies of PROTOCOL 4 and 8: sessions and paths.

local E = require("framecast.marks")
local F = require("framecast.fields").F
local fault = require("framecast.reader").fault
local parts = require("framecast.parts")
local wire = require("framecast.wire")

local bodies = {}

bodies[wire.HELLO] = function(r)
    local role = r:one_of("hello.role", wire.ROLES)
    parts.read_versions(r)
    local _, _, nonce = r:get("nonce")
    local cookie = r:counted("cookie", wire.COOKIE)
    if cookie:len() ~= 0 and cookie:len() ~= wire.COOKIE then
        fault(("a cookie has %d bytes, not %d"):format(wire.COOKIE, cookie:len()))
    end
    local rider_length = r:get("hello.rider_length")
    if rider_length > wire.RIDER_MAX then
        fault(("a rider of %d bytes is longer than %d"):format(rider_length, wire.RIDER_MAX))
    end
    local rider = r:take(rider_length, "Rider")
    r.nonce, r.has_cookie = nonce:raw(), cookie:len() > 0
    local info = wire.ROLES[role] .. (r.has_cookie and ", with cookie" or "")
    if rider_length > 0 then
        local item = r.tree:add(F["hello.rider"], rider)
        r.rider = r.dissect_rider(rider, item)
        info = info .. (r.rider and ", carries SUBSCRIBE " .. r.rider.name or ", carries something malformed")
    end
    if r.at < r.stop then
        local padding = r:take(r.stop - r.at, "Padding")
        r.tree:add(F.padding, padding):set_text(("Padding: %d bytes"):format(padding:len()))
        if padding:raw():find("[^\0]") then
            fault("the padding is not zero")
        end
    end
    return info
end

bodies[wire.RETRY] = function(r)
    local _, _, nonce = r:get("nonce")
    r.nonce = nonce:raw()
    local cookie = r:counted("cookie", wire.COOKIE)
    if cookie:len() ~= wire.COOKIE then
        fault(("a cookie has %d bytes, not %d"):format(wire.COOKIE, cookie:len()))
    end
end

bodies[wire.WELCOME] = function(r)
    local _, _, nonce = r:get("nonce")
    r.nonce = nonce:raw()
    r:get("welcome.version")
    r:get("welcome.echo")
    r:get("welcome.hold")
    r:get("welcome.broker_time")
    r:get("welcome.lease")
    r:get("welcome.feedback")
    r:get("welcome.max_frame")
    r:get("welcome.max_datagram")
    r:get("welcome.max_subscriptions")
    r:get("reset_token")
    return "session " .. r.head.session:gsub(".", function(byte)
        return ("%02x"):format(byte:byte())
    end)
end

bodies[0x1F] = function(r)
    parts.read_versions(r)
end

bodies[wire.CLOSE] = function(r)
    if r.head.is_reset then
        r:get("reset_token")
        r.item:add_proto_expert_info(E.reset)
        return "stateless reset"
    end
    local code = r:get("close.code")
    local reason = r:text("reason")
    parts.read_last_frames(r, wire.LAST_MAX, true)
    r.item:add_proto_expert_info(E.closed, "End of the session: " .. parts.code_name(code))
    return parts.code_name(code) .. (reason ~= "" and ", " .. reason or "")
end

local function read_path(r)
    local _, _, range = r:get("path.data")
    r.path = range:raw()
end
bodies[0x0B], bodies[0x8B] = read_path, read_path

bodies[0x0C] = function(r)
    r.clock = r.head.sent
end

bodies[0x8C] = function(r)
    r.clock = r:get("clock_ack.echo")
    r:get("clock_ack.hold")
    r:get("clock_ack.broker_time")
end

return bodies
