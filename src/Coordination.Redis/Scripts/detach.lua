-- Renews a granted claim a last time and marks it, so that one other can take it over.
-- ARGV: id, retention, duration, "channel session"
-- Returns 1, or 0 when the claim is not there, not granted, or another's.

local id, retention, duration, route = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local q, record = begin(KEYS[1], KEYS[2], id)
local c = record and parse(record)
-- A late copy of the request of one that had it before does not put it up again: it is another's.
if not c or c.token == 0 or (c.flags < DETACHED and c.route ~= route) then
  if q.swept then save(q, retention) end
  return 0
end
if c.flags < DETACHED then c.flags = c.flags + DETACHED end
c.duration, c.expiry = duration, expiry_of(duration)
expires(q, c.expiry)
save(q, retention, id, pack(c), c.expiry)
return 1
