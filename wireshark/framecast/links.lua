-- Questions and answers, linked both ways; HEARTBEAT and FEEDBACK by their numbers (PROTOCOL 4, 5.1, 7.1, 7.7, 8).

local F = require("framecast.fields").F
local memory = require("framecast.memory")
local rounded = require("framecast.arithmetic").rounded
local wire = require("framecast.wire")

local ANSWERED = { [0x01] = true, [0x02] = true, [0x03] = true, [0x04] = true, [0x05] = true }

local function request_key(session, event, head, req)
    return table.concat({ session, event, head.producer, head.stream, req }, " ")
end

-- HELLO is asked without and with a cookie under one nonce; the SUBSCRIBE that it carries is asked in the session that
-- WELCOME names.
local function link_hello(r, record)
    local event = r.head.event
    local plain, full = "hello " .. r.nonce, "hello+cookie " .. r.nonce
    if event == wire.HELLO then
        local asked = memory.ask(record, r.has_cookie and full or plain)
        asked.rider = r.rider
    elseif event == wire.RETRY then
        memory.answer(record, memory.requests[plain] or memory.requests[full])
    else
        local asked = memory.requests[full] or memory.requests[plain]
        memory.answer(record, asked)
        if asked and asked.rider then
            memory.requests[request_key(r.head.session, wire.SUBSCRIBE, asked.rider, asked.rider.req)] = asked
        end
    end
end

local function link_reports(r, record)
    local session = r.head.session
    local beat, feedback = session .. "beat ", session .. "feedback "
    local heard
    if r.head.event == wire.HEARTBEAT then
        memory.reports[beat .. r.head.seq] = record
        heard = r.echo and memory.reports[feedback .. r.echo]
        record.echo_of = heard and heard.number
    else
        memory.reports[feedback .. r.head.sent] = record
        heard = memory.reports[beat .. r.heartbeat]
        memory.answer(record, heard and { latest = heard })
    end
    local rtt = heard and (record.time - heard.time) * 1000 - r.hold / 1000
    record.rtt = rtt and rtt >= 0 and rounded(rtt) or nil
end

local function link_message(r, record)
    local event, session = r.head.event, r.head.session
    if r.nonce then
        link_hello(r, record)
    elseif event == wire.HEARTBEAT or event == wire.FEEDBACK then
        link_reports(r, record)
    elseif event == 0x0B then
        memory.ask(record, session .. r.path)
    elseif event == 0x8B then
        memory.answer(record, memory.requests[session .. r.path])
    elseif event == 0x0C then
        memory.ask(record, session .. "clock " .. r.clock)
    elseif event == 0x8C then
        memory.answer(record, memory.requests[session .. "clock " .. r.clock])
    elseif ANSWERED[event] then
        memory.ask(record, request_key(session, event, r.head, r.req))
    elseif ANSWERED[event - 0x80] then
        memory.answer(record, memory.requests[request_key(session, event - 0x80, r.head, r.req)])
    end
end

local function show_links(record, tree)
    local function show(abbr, value)
        if value then
            tree:add(F["analysis." .. abbr], value):set_generated()
        end
    end
    show("response_in", record.response_in)
    show("response_to", record.response_to)
    show("repeat_of", record.repeat_of)
    show("echo_of", record.echo_of)
    show("time", record.answered_after)
    show("rtt", record.rtt)
end

return { link_message = link_message, show_links = show_links }
