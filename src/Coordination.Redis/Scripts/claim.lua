-- Enters a claim into the queue, or says how it stands.
-- ARGV: id, intent (0 queue, 1 try once, 2 find), duration, limit, flags, "channel session", retention, value
-- Returns the token when granted, 0 when refused, -1 when waiting, -2 - ms when waiting and worth asking again after ms.
-- In all but the second case the claim lasts for its whole duration from now.

local id, intent, duration, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local retention = tonumber(ARGV[7])
local q, c, tombstone = begin(KEYS[1], KEYS[2], id)

-- Rule 8: the earliest time at which the rule would grant this claim if nobody renewed. Worked out while few are ahead; the
-- renewals of those far back serve them, as they sweep too. With many ahead those at the head may ask a little early.
local function recheck(rank)
  if q.held + rank > 32 then
    if rank < 8 then return -2 - max(q.earliest - now, 1) end
    return -1
  end
  local fields = call('HGETALL', q.h)
  local clear, counted = 0, {}
  for i = 1, #fields, 2 do
    local mark = string.sub(fields[i], 1, 1)
    if mark ~= ':' and mark ~= '!' then
      local expiry, other, token, arrival = match(fields[i + 1], '^(%d+) %d+ (%d+) (%d+) (%d+)')
      expiry, other = tonumber(expiry), tonumber(other)
      if token ~= '0' or tonumber(arrival) < c.arrival then
        if limit == 0 or limit == SHARED then
          if limit == 0 or other ~= SHARED then clear = max(clear, expiry) end
        elseif other == 0 or other == SHARED then
          clear = max(clear, expiry)
        else
          counted[#counted + 1] = { expiry, other }
        end
      end
    end
  end
  if #counted > 0 then
    -- From the last to expire backwards: those that may still be there.
    table.sort(counted, function(a, b) return a[1] > b[1] end)
    local smallest = limit
    for n, other in ipairs(counted) do
      smallest = min(smallest, other[2])
      if other[1] <= clear then break end
      if n >= smallest then
        clear = other[1]
        break
      end
    end
  end
  if clear == 0 then return -1 end
  return -2 - max(clear - now, 1)
end

if c then
  -- A claim that is asked for is alive: re-armed, as by a renewal.
  c.expiry = expiry_of(c.duration)
  expires(q, c.expiry)
  local rank = 0
  if c.token == 0 then
    limit = c.limit
    rank = call('ZRANK', q.w, id)
  end
  save(q, retention, id, pack(c), c.expiry)
  if c.token ~= 0 then return c.token end
  if not rank then
    -- Its place was lost (a key evicted or deleted by force): it queues anew rather than never.
    call('ZADD', q.w, int(c.arrival), id)
    call('PEXPIREAT', q.w, int(q.till))
    rank = call('ZRANK', q.w, id)
  end
  return recheck(rank)
end

if tombstone or intent == '2' then
  if q.swept then save(q, retention) end
  return 0
end

local granted = q.waiting == 0 and admits(q, limit)
if not granted and intent == '1' then
  if q.swept then save(q, retention) end
  return 0
end

q.arrivals = q.arrivals + 1
c = {
  expiry = expiry_of(duration), duration = duration, limit = limit, token = 0, arrival = q.arrivals,
  flags = tonumber(ARGV[5]), route = ARGV[6], value = ARGV[8],
}
expires(q, c.expiry)

if granted then
  c.token = next_token(q)
  count(q, limit)
  announce(c, q)
  save(q, retention, id, pack(c), c.expiry)
  return c.token
end

local rank = q.waiting
q.waiting = rank + 1
save(q, retention, id, pack(c), c.expiry)
call('ZADD', q.w, int(c.arrival), id)
call('PEXPIREAT', q.w, int(q.till))
return recheck(rank)
