-- A cursor over a message that adds what it reads to the tree, and ends at the first fault.

local arithmetic = require("framecast.arithmetic")
local E = require("framecast.marks")
local fields = require("framecast.fields")
local wire = require("framecast.wire")

local F, name_of, width_of, is_utf8 = fields.F, fields.name_of, fields.width_of, arithmetic.is_utf8

-- Ends the dissection of a message; whatever else is thrown is an error of this script and goes on to Wireshark.
local function fault(text, expert_of_it)
    error({ fault = text, expert = expert_of_it or E.malformed }, 0)
end

-- Runs `read` on a reader; true if it came to the end, else the fault is marked at the reader's item. A fault of a
-- rider is none of the message that carries it.
local function attempt(r, read, ...)
    local done, problem = pcall(read, r, ...)
    if not done then
        if type(problem) ~= "table" or not problem.fault then
            error(problem, 0)
        end
        r.item:add_proto_expert_info(r.is_rider and E.bad_rider or problem.expert, problem.fault)
    end
    return done
end

-- A cursor over a message that adds what it reads to a tree.
local Reader = {}
Reader.__index = Reader

local function reader_over(tvb, from, to, tree, is_cut)
    local r = { tvb = tvb, at = from, stop = to, item = tree, tree = tree, is_cut = is_cut, lessons = {} }
    return setmetatable(r, Reader)
end

-- What is to be remembered of the message if all of it is well-formed.
function Reader:later(learn, ...)
    local arguments = { ... }
    table.insert(self.lessons, function()
        learn(table.unpack(arguments))
    end)
end

function Reader:take(length, what)
    if self.at + length > self.stop then
        if self.is_cut then
            fault(("the capture ends inside %s"):format(what), E.cut)
        end
        fault(("the message ends inside %s"):format(what))
    end
    local range = self.tvb:range(self.at, length)
    self.at = self.at + length
    return range
end

-- Reads a field of fixed width. Returns its value, if it has at most 32 bits, and its item.
function Reader:get(abbr)
    local width = width_of[abbr]
    local range = self:take(width, name_of[abbr])
    return width <= 4 and range:uint() or nil, self.tree:add(F[abbr], range), range
end

function Reader:one_of(abbr, names)
    local value, item = self:get(abbr)
    if not names[value] then
        fault(("%s can't be %d"):format(name_of[abbr], value))
    end
    return value, item
end

function Reader:not_zero(abbr)
    local value, item = self:get(abbr)
    if value == 0 then
        fault(name_of[abbr] .. " can't be 0")
    end
    return value, item
end

function Reader:producer(abbr)
    local value, item = self:not_zero(abbr)
    item:set_text(("%s: %06X"):format(name_of[abbr], value))
    return value
end

function Reader:count(abbr, most)
    local value = self:get(abbr)
    if value > most then
        fault(("%s: %d are more than %d"):format(name_of[abbr], value, most))
    end
    return value
end

-- Length (1) and bytes; none where the length is 0.
function Reader:counted(abbr, most)
    local length = self:count("length", most)
    local range = self:take(length, name_of[abbr])
    if length > 0 then
        self.tree:add(F[abbr], range)
    end
    return range
end

function Reader:text(abbr)
    local length = self:count("length", wire.TEXT_MAX)
    local range = self:take(length, name_of[abbr])
    self.tree:add_packet_field(F[abbr], range, ENC_UTF_8)
    local text = length > 0 and range:raw() or ""
    if not is_utf8(text) then
        fault(name_of[abbr] .. " is no UTF-8")
    end
    return text
end

function Reader:label(abbr)
    local length = self:count("length", wire.LABEL_MAX)
    local range = self:take(length, name_of[abbr])
    self.tree:add_packet_field(F[abbr], range, ENC_UTF_8)
    local text = length > 0 and range:raw() or ""
    if not text:find("^[%w-][%w.-]*$") then
        fault(name_of[abbr] .. " is no label")
    end
    return text
end

-- Reads each of `count` items in a subtree of its own. The text that `read` returns becomes the subtree's.
function Reader:each(count, abbr, read)
    local outer = self.tree
    for index = 1, count do
        local from = self.at
        self.tree = outer:add(F[abbr], self.tvb:range(from, 0))
        local text = read(self, index)
        self.tree:set_len(self.at - from)
        self.tree:set_text(text and name_of[abbr] .. ": " .. text or name_of[abbr])
        self.tree = outer
    end
end

return { over = reader_over, fault = fault, attempt = attempt }
