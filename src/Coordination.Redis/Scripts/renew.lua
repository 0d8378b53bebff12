-- Renews claims, granted and waiting ones. Makes none that is not there.
-- KEYS: h and w of each claim; ARGV: duration, retention, a digit for each claim, and the id of each claim. The digit says
-- what the session was told: 0 that it is granted, 1 that it waits, 2 that it waits and, by a hint, that it is granted
-- Returns pairs for the exceptions: the claim's number, and its token when it is granted and that was not told or by a hint
-- alone, or 0 when it is not there, or waits and was told to be granted.

local duration, retention, told = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local exceptions, walked = {}, {}

local function tell(n, token)
  exceptions[#exceptions + 1] = n
  exceptions[#exceptions + 1] = token
end

for i = 4, #ARGV do
  local n, id = i - 3, ARGV[i]
  local q, record, tombstone = begin(KEYS[n * 2 - 1], KEYS[n * 2], id)
  local c, mark = record and parse(record), string.sub(told, n, n)
  if c and c.token == 0 and mark ~= '1' then
    -- Deleted by force and put back behind others by a late copy of its request, or granted by a master that has failed before
    -- a replica knew of it. Its session has lost it, and nobody waits for this: it goes, as by a release.
    call('HDEL', q.h, id)
    call('ZREM', q.w, id)
    q.waiting = q.waiting - 1
    local longest = bury(q, id, duration)
    promote(q)
    save(q, retention, nil, nil, longest)
    tell(n, 0)
  elseif c then
    c.duration, c.expiry = duration, expiry_of(duration)
    expires(q, c.expiry)
    -- First, as it takes no memory: so a renewal goes through when the server has none left.
    call('PEXPIREAT', q.h, int(max(q.till, c.expiry)))
    save(q, retention, id, pack(c), c.expiry)
    if c.token ~= 0 and mark ~= '0' then tell(n, c.token) end
  else
    tell(n, 0)
    if q.seen > 0 and not q.swept and not tombstone and not walked[q.h] then
      -- Deleted by force: what waits behind it gets its turn now. Once for a queue, not for each of its claims.
      walk(q)
      promote(q)
      q.swept = true
    end
    walked[q.h] = walked[q.h] or q.swept
    if q.swept then save(q, retention) end
  end
end
return exceptions
