-- What the info column says of a run of DATA.

-- Neighbours of one frame share their words.
local function add_to_summary(summary, head, record)
    local last = summary[#summary]
    if last and last.name == head.name and last.frame == head.frame and last.retx == head.retx
        and last.index_to + 1 == head.index and last.bad == record.bad then
        last.index_to = head.index
    else
        last = {
            name = head.name, frame = head.frame, retx = head.retx, round = head.round, key = head.key,
            count = head.count, index_from = head.index, index_to = head.index, parity = head.parity,
            bad = record.bad,
        }
        table.insert(summary, last)
    end
    last.whole = last.whole or record.completes and head.length
    last.duplicate = last.duplicate or record.duplicate
end

local function describe(part)
    local shards = part.index_from == part.index_to and ("shard %d"):format(part.index_from)
        or ("shards %d-%d"):format(part.index_from, part.index_to)
    return table.concat({
        ("%s DATA frame %d, %s of %d"):format(part.name, part.frame, shards, part.count),
        part.parity and ", parity" or "", part.key and ", KEY" or "",
        part.retx and (", RETX round %d"):format(part.round) or "", part.duplicate and ", duplicate" or "",
        part.whole and (", whole: %d bytes"):format(part.whole) or "", part.bad and " [not accepted]" or "",
    })
end

local PARTS_SHOWN = 4 -- of the info column, for a run over many frames

local function summary_text(summary, malformed)
    local texts = {}
    for index, part in ipairs(summary) do
        if index > PARTS_SHOWN then
            texts[index] = ("and %d more"):format(#summary - PARTS_SHOWN)
            break
        end
        texts[index] = describe(part)
    end
    if malformed then
        texts[#texts + 1] = #texts == 0 and "DATA [not accepted]" or "[the rest is not accepted]"
    end
    return table.concat(texts, "; ")
end

return { add = add_to_summary, text = summary_text }
