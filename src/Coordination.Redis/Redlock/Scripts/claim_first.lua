-- Tried first by claim.lua: a writer takes a lock that nobody holds or waits for, and there is nothing to sweep, to announce or to keep for longer. It writes
-- what claim.lua would, to which it leaves all else. To make the functions of queue.lua and rare.lua takes longer than this does.
-- KEYS and ARGV are those of claim.lua.

local id = ARGV[3]
fetched = call('HMGET', KEYS[2], ':', id, '!' .. id)
if fetched[1] and not fetched[2] and not fetched[3] and ARGV[7] == '0' and ARGV[8] == '0' and ARGV[12] == '0' and ARGV[5] ~= '2' then
  local top, _, seen, earliest, kind, held, _, waiting, writers, bound, till, keep = struct.unpack(STATE, fetched[1])
  local token, duration = tonumber(ARGV[9]), tonumber(ARGV[6])
  local expiry = expiry_of(duration)
  if kind == -1 and held == 0 and waiting == 0 and now >= max(seen, till) and (earliest == 0 or now < earliest)
    and token > max(top, tonumber(self[2])) and token <= min(tonumber(self[3]), LAST_TOKEN)
    and duration <= longest and max(expiry, token / 1000 + retention) <= keep then
    call('HSET', KEYS[2],
      ':', struct.pack(STATE, token, token, now, earliest == 0 and expiry or min(earliest, expiry), 0, 1, 1, 0, writers, bound, till, keep),
      id, table.concat({ '0', ARGV[4], ARGV[9], '0 0', int(expiry), ARGV[6], '-', ARGV[15] }, ' '))
    return GRANTED
  end
end

