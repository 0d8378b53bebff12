-- Changes the value of a granted claim.
-- ARGV: id, retention, value
-- Returns 1, or 0 when the claim is not there or not granted.

local id, retention = ARGV[1], tonumber(ARGV[2])
local q, record = begin(KEYS[1], KEYS[2], id)
local c = record and parse(record)
if not c or c.token == 0 then
  if q.swept then save(q, retention) end
  return 0
end
c.value = ARGV[3]
announce(q, c.flags)
save(q, retention, id, pack(c), c.expiry)
return 1
