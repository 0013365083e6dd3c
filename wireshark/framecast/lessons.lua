-- What messages teach about streams: their media types, and the frames that will never come.

local arithmetic = require("framecast.arithmetic")
local memory = require("framecast.memory")

local distance, stream_name = arithmetic.distance, arithmetic.stream_name
local lessons = {}

local MEDIA = {
    jpeg = "image/jpeg", jpg = "image/jpeg", mjpeg = "image/jpeg", mp3 = "audio/mpeg", png = "image/png",
}

-- What a track entry says of its stream: the codec, else the extension of its files.
function lessons.learn_track(producer, stream, codec, extension)
    local kind = MEDIA[codec:lower()] or MEDIA[extension:lower()]
    if kind then
        memory.media[stream_name(producer, stream)] = kind
    end
end

function lessons.kind_by_magic(data)
    local a, b = data:byte(1, 2)
    if a == 0xFF and b == 0xD8 then
        return "image/jpeg"
    elseif data:sub(1, 4) == "\137PNG" then
        return "image/png"
    elseif data:sub(1, 3) == "ID3" or a == 0xFF and b and b >= 0xE0 then
        return "audio/mpeg"
    end
    return nil
end

local SKIPS_KEPT = 64 -- ranges per track: four HEARTBEATs' worth

function lessons.learn_skip(producer, stream, tag, from, to)
    local key = stream_name(producer, stream) .. tag
    local known = memory.skips[key] or {}
    memory.skips[key] = known
    for _, range in ipairs(known) do
        if range.from == from and range.to == to then
            return
        end
    end
    table.insert(known, { from = from, to = to })
    if #known > SKIPS_KEPT then
        table.remove(known, 1)
    end
end

-- The first frame from `number` on that no known range leaves out.
function lessons.after_skipped(key, number)
    for _ = 1, SKIPS_KEPT do
        local before = number
        for _, range in ipairs(memory.skips[key] or {}) do
            if distance(range.from, number) >= 0 and distance(number, range.to) >= 0 then
                number = (range.to + 1) % 4294967296
            end
        end
        if number == before then
            break
        end
    end
    return number
end

return lessons
