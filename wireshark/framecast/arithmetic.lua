-- Checksums, serial numbers, bits and texts, in what Lua 5.2 and 5.4 share.

-- CRC-32C (Castagnoli, reflected), continued from `crc`. Lua 5.2 has bit32 and no operators, Lua 5.4 operators and no
-- bit32; the operators are no syntax for the former and stand in a string.
local WITH_OPERATORS = [[
    local steps, byte = ..., string.byte
    return function(text, crc)
        crc = ~(crc or 0) & 0xFFFFFFFF
        for i = 1, #text do
            crc = steps[(crc ~ byte(text, i)) & 0xFF] ~ (crc >> 8)
        end
        return ~crc & 0xFFFFFFFF
    end]]

local function with_library(steps)
    local bxor, bnot, byte = bit32.bxor, bit32.bnot, string.byte
    return function(text, crc)
        crc = bnot(crc or 0)
        for i = 1, #text do
            local low = crc % 256
            crc = bxor(steps[bxor(low, byte(text, i))], (crc - low) / 256)
        end
        return bnot(crc)
    end
end

local function crc_steps(xor)
    local steps = {}
    for index = 0, 255 do
        local step = index
        for _ = 1, 8 do
            local odd = step % 2
            step = math.floor(step / 2)
            if odd == 1 then
                step = xor(step, 0x82F63B78)
            end
        end
        steps[index] = step
    end
    return steps
end

local crc32c
do
    local operators = load(WITH_OPERATORS)
    if operators then
        crc32c = operators(crc_steps(load("return function(a, b) return a ~ b end")()))
    else
        crc32c = with_library(crc_steps(bit32.bxor))
    end
end

-- Milliseconds, to the microsecond: more digits are noise of the subtraction.
local function rounded(ms)
    return math.floor(ms * 1000 + 0.5) / 1000
end

-- How far b is after a among serial numbers (2.4), from -2^31 to 2^31 - 1.
local function distance(a, b)
    local ahead = (b - a) % 4294967296
    return ahead < 2147483648 and ahead or ahead - 4294967296
end

local function shards_of(length, size)
    return math.floor((length + size - 1) / size)
end

-- Whether Rust would call it UTF-8: shortest form, no surrogates.
local function is_utf8(text)
    local rest = text:gsub("[\194-\223][\128-\191]", "\0")
    rest = rest:gsub("\224[\160-\191][\128-\191]", "\0"):gsub("[\225-\236\238\239][\128-\191][\128-\191]", "\0")
    rest = rest:gsub("\237[\128-\159][\128-\191]", "\0"):gsub("\240[\144-\191][\128-\191][\128-\191]", "\0")
    rest = rest:gsub("[\241-\243][\128-\191][\128-\191][\128-\191]", "\0")
    rest = rest:gsub("\244[\128-\143][\128-\191][\128-\191]", "\0")
    return not rest:find("[\128-\255]")
end

-- `1AAA99/01`, or `1AAA99` for the whole producer.
local function stream_name(producer, stream)
    return stream == 0 and ("%06X"):format(producer) or ("%06X/%02X"):format(producer, stream)
end

local function has(flags, mask)
    return math.floor(flags / mask) % 2 == 1
end

local function clear(flags, mask)
    return has(flags, mask) and flags - mask or flags
end

return {
    crc32c = crc32c, rounded = rounded, distance = distance, shards_of = shards_of, is_utf8 = is_utf8,
    stream_name = stream_name, has = has, clear = clear,
}
