-- Takes over a detached claim: the first to come gets it. Asking again with the same session is harmless.
-- ARGV: id, retention, duration, "channel session"
-- Returns 1, or 0 when the claim is not there or was taken over by another.

local id, retention, duration, route = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local q, record = begin(KEYS[1], KEYS[2], id)
local c = record and parse(record)
if not c or (c.flags < DETACHED and c.route ~= route) then
  if q.swept then save(q, retention) end
  return 0
end
if c.flags >= DETACHED then c.flags = c.flags - DETACHED end
c.route, c.duration, c.expiry = route, duration, expiry_of(duration)
expires(q, c.expiry)
save(q, retention, id, pack(c), c.expiry)
return 1
