-- By event: what reads the body of a control message into the tree and returns what the info column says of it.
-- Requests and answers leave their number in `req`, HELLO and its answers their `nonce`: see links.lua.

local bodies = {}
for _, name in ipairs({ "session", "channels", "reliability" }) do
    for event, body in pairs(require("framecast." .. name)) do
        bodies[event] = body
    end
end

return bodies
