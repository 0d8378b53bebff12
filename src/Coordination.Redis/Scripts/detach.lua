-- Renews a granted claim a last time and marks it, so that one other can take it over.
-- ARGV: id, retention, duration
-- Returns 1, or 0 when the claim is not there or not granted.

local id, retention, duration = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local q, record = begin(KEYS[1], KEYS[2], id)
local c = record and parse(record)
if not c or c.token == 0 then
  if q.swept then save(q, retention) end
  return 0
end
if c.flags < DETACHED then c.flags = c.flags + DETACHED end
c.duration, c.expiry = duration, expiry_of(duration)
expires(q, c.expiry)
save(q, retention, id, pack(c), c.expiry)
return 1
