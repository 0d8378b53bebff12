-- Takes a detached lease over on this master: the first to come gets it. Asking again by the same is harmless. A taker that could not
-- get a majority gives it back.
-- KEYS: m, h, w, t. ARGV: longest, retention, id, attempt, duration, by, 1 to take it or 0 to give it back
-- Returns 0 when the lease is not there, 1 when another has it, 2 when it was not detached here, -1 when this master is not admitted; otherwise token, what, kind, flags,
-- version and value.

local by, duration = ARGV[6], tonumber(ARGV[5])
if duration > longest then error('Coordination: the duration is longer than the longest allowed') end
local q, record = begin(KEYS[2], KEYS[3], KEYS[4], ARGV[3])
local c = record and parse(record)
if not c or c.attempt ~= tonumber(ARGV[4]) then
  if q.swept then save(q) end
  return 0
end
if c.flags < DETACHED and c.by ~= by then return c.by == '-' and 2 or 1 end
if ARGV[7] == '0' then
  if c.flags < DETACHED then
    c.flags, c.by = c.flags + DETACHED, '-'
    call('HSET', q.h, ARGV[3], pack(c))
    save(q, c.expiry)
  end
  return 0
end
c.flags, c.by, c.duration, c.expiry = c.flags % 2, by, duration, expiry_of(duration)
call('HSET', q.h, ARGV[3], pack(c))
expires(q, c.expiry)
save(q, c.expiry)
return { int(c.token), int(c.what), int(q.kind), int(c.flags), int(c.version), c.value }
