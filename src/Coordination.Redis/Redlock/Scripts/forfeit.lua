-- Takes back a failed attempt, and keeps or gives the claim its place among the waiting (rule 12). Nobody is woken but another who waits: the
-- caller knows.
-- KEYS: m, h, w, t. ARGV: longest, retention, id, attempt, token, duration, kind, what, ticket (0: it does not wait), reserve, flags,
-- "channel session", value
-- Returns 1 when something of it was there, 0 otherwise, -1 when this master is not admitted.

local id, attempt, token, duration = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kind, what, ticket = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local q, record, tombstone = begin(KEYS[2], KEYS[3], KEYS[4], id, '!' .. id)
local c = record and parse(record)
local there = c and c.attempt <= attempt
local latest
if there then drop(q, id, c) end

-- What is still under way of it grants nothing any more: its token is not above the register, and its attempt is used up.
raise(q, token, not (kind == 0 and what == SHARED))
local buried = tombstone and tonumber(match(tombstone, '^(%d+)')) or 0
if buried < attempt then latest = bury(q, id, attempt, duration) end
-- A later attempt that holds here is not put among the waiting by a late word of an earlier one.
if ticket > 0 and (there or not c) and buried < EVERY and (q.kind < 0 or q.kind == kind) and call('HEXISTS', q.t, id) == 0 then
  q.kind = kind
  local expiry = expiry_of(duration)
  rare().enter(q, id, ticket, {
    what = kind == 0 and what or 1, expiry = expiry, duration = duration, reserve = tonumber(ARGV[10]), missed = 0,
    flags = tonumber(ARGV[11]), route = ARGV[12], value = ARGV[13],
  })
  latest = max(latest or 0, expiry)
end
if there then rare().wake(q, id) end
save(q, latest)
return there and 1 or 0
