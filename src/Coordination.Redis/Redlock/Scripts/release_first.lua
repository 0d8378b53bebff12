-- Tried first by release.lua: a writer's lease of one attempt ends, and nobody waits for it or is told. It writes what release.lua would, to which it leaves
-- all else. KEYS and ARGV are its own.

local id = ARGV[4]
fetched = call('HMGET', KEYS[2], ':', id)
if #ARGV == 6 and ARGV[6] == '1' and fetched[1] and fetched[2] and match(fetched[2], '^0 %d+ %d+ (%d)') == '0' then
  local top, wtop, seen, earliest, kind, held, _, waiting, writers, bound, till, keep = struct.unpack(STATE, fetched[1])
  local token = max(tonumber(ARGV[5]), tonumber(self[2]))
  top, wtop = max(top, token), max(wtop, token)
  if kind == 0 and held == 1 and waiting == 0 and now >= seen and now < earliest
    and top <= min(tonumber(self[3]), LAST_TOKEN) and top / 1000 + retention <= keep then
    call('HDEL', KEYS[2], id)
    call('HSET', KEYS[2], ':', struct.pack(STATE, top, wtop, now, earliest, -1, 0, 0, 0, writers, bound, till, keep))
    return 1
  end
end

