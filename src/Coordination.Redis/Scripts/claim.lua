-- Enters a claim into the queue, or says how it stands.
-- ARGV: id, intent (0 queue, 1 try once, 2 find), duration, limit, flags, "channel session", retention, value
-- Returns the token when granted, 0 when refused, -1 when waiting, -2 - ms when waiting and worth asking again after ms.
-- In all but the second case the claim lasts for its whole duration from now.

local id, intent, duration, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local retention = tonumber(ARGV[7])
local q, record, tombstone = begin(KEYS[1], KEYS[2], id)
local arrival

-- One millisecond more, for timers that fire a little early: they would ask twice.
local function ask_at(expiry)
  return -3 - max(expiry - now, 0)
end

-- Rule 8: the earliest time at which the rule would grant this claim if nobody renewed. Worked out while few are ahead; the
-- renewals of those far back serve them, as they sweep too. With many ahead those at the head may ask a little early, and so
-- may all when the hash is large (many wait behind, or gave up lately): to read it would take milliseconds. None when not all
-- that counts as granted is there.
local function recheck(rank)
  local crowded = q.held + rank > 32
  if crowded and rank >= 8 then return -1 end
  if crowded or call('HLEN', q.h) > 256 then return ask_at(q.earliest) end
  local fields = call('HGETALL', q.h)
  local clear, counted, held = 0, {}, 0
  for i = 1, #fields, 2 do
    local mark = string.sub(fields[i], 1, 1)
    if mark ~= ':' and mark ~= '!' then
      local other, token, expiry, number = match(fields[i + 1], '^(%d+) (%d+) %d (%d+) (%d+)')
      expiry, other = tonumber(expiry), tonumber(other)
      if token ~= '0' then held = held + 1 end
      if token ~= '0' or tonumber(number) < arrival then
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
  if held < q.held then return nil end
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
  return ask_at(clear)
end

local function wait(rank)
  local answer = rank and recheck(rank)
  if answer then return answer end
  -- A holder was deleted by hand, or this claim's place was lost: those behind it get their turn, and it its place, now.
  walk(q)
  promote(q)
  save(q, retention)
  local token = parse(call('HGET', q.h, id)).token
  if token ~= 0 then return token end
  return recheck(call('ZRANK', q.w, id) or 0) or -1
end

if record then
  local c = parse(record)
  -- A claim that is asked for is alive: re-armed, as by a renewal.
  c.expiry = expiry_of(c.duration)
  expires(q, c.expiry)
  local rank = 0
  if c.token == 0 then
    limit, arrival = c.limit, c.arrival
    rank = call('ZRANK', q.w, id)
  end
  save(q, retention, id, pack(c), c.expiry)
  if c.token ~= 0 then return c.token end
  return wait(rank)
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

arrival = q.arrivals + 1
q.arrivals = arrival
local expiry = expiry_of(duration)
expires(q, expiry)

local token = 0
if granted then
  token = next_token(q)
  count(q, limit)
  announce(q, tonumber(ARGV[5]))
else
  q.waiting = q.waiting + 1
end

-- What `pack` does, of texts that are at hand.
record = ARGV[4] .. format(' %.0f ', token) .. ARGV[5] .. format(' %.0f %.0f ', expiry, arrival)
  .. ARGV[3] .. ' ' .. ARGV[6] .. ' ' .. ARGV[8]
save(q, retention, id, record, expiry)
if granted then return token end

call('ZADD', q.w, int(arrival), id)
call('PEXPIREAT', q.w, int(q.till))
return wait(q.waiting - 1)
