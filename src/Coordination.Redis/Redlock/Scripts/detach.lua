-- Renews a lease a last time and marks it, so that one other can take it over.
-- KEYS: m, h, w, t. ARGV: longest, retention, id, attempt, duration, by (under which it was taken over, or -)
-- Returns 1, 0 when it is not there, or -1 when this master is not admitted.

local duration = tonumber(ARGV[5])
if duration > longest then error('Coordination: the duration is longer than the longest allowed') end
local q, record = begin(KEYS[2], KEYS[3], KEYS[4], ARGV[3])
local c = record and parse(record)
-- A late copy of the request of one that had it before does not put it up again: it is another's.
if not c or c.attempt ~= tonumber(ARGV[4]) or (c.flags < DETACHED and c.by ~= ARGV[6] and c.by ~= '-') then
  if q.swept then save(q) end
  return 0
end
if c.flags < DETACHED then c.flags = c.flags + DETACHED end
c.duration, c.expiry = duration, expiry_of(duration)
call('HSET', q.h, ARGV[3], pack(c))
expires(q, c.expiry)
save(q, c.expiry)
return 1
