-- Changes the value of a lease.
-- KEYS: m, h, w, t. ARGV: longest, retention, id, attempt, version, value
-- Returns 1, 0 when it is not there, or -1 when this master is not admitted.

local q, record = begin(KEYS[2], KEYS[3], KEYS[4], ARGV[3])
local c = record and parse(record)
local answer = 0
if c and c.attempt == tonumber(ARGV[4]) then
  if tonumber(ARGV[5]) > c.version then
    c.version, c.value = tonumber(ARGV[5]), ARGV[6]
    call('HSET', q.h, ARGV[3], pack(c))
    if c.flags % 2 == ANNOUNCED then q.changed = true end
    q.swept = true
  end
  answer = 1
end
if q.swept then save(q, c and c.expiry) end
return answer
