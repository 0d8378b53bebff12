-- Shared by all scripts: put before each of them when they are loaded.
--
-- A resource has two keys. KEYS[..] = h, a hash:
--   :         the queue's state: nine doubles (see `open`)
--   <id>      a claim: "limit token flags expiry arrival duration channel session value"; token is 0 while it waits
--   !<id>     a tombstone, "expiry duration": the id is used up until then (rules 4, 5)
-- and w, a sorted set: the waiting claims by their numbers of arrival.
--
-- Times are milliseconds of the server's clock, tokens microseconds. A limit says the mode too: 0 is exclusive, SHARED is
-- shared, anything between is counted. After each script nothing that the rule would grant is waiting.
--
-- Numbers are written by %.0f or as doubles: tostring, .. and cjson turn microseconds into 1.79e+15 (rule 11).
-- A server out of memory refuses a script's first write if that could take memory, later ones never: so each script
-- first does the write that decides, and nothing is ever left half done.

local SHARED = 4294967296
local ANNOUNCED, DETACHED = 1, 2
local LAST_TOKEN = 9007199254740991 -- 2^53 - 1: beyond it neighbours are equal (rule 11)

local call, match, format = redis.call, string.match, string.format
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min

local function int(n)
  return format('%.0f', n)
end

-- Read once for a script: it moves while the script runs (rule 11).
local time = call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = floor(micros / 1000)

-- One millisecond more: `now` was rounded down, and the claim must last for the whole of its duration.
local function expiry_of(duration)
  return now + duration + 1
end

-- Those of one duration end together, four times in it: each end that is due costs a walk of the whole queue, and where many
-- give up waiting there are thousands of tombstones.
local function burial_of(duration)
  local step = max(floor(duration / 4), 1)
  return ceil(expiry_of(duration) / step) * step
end

local function parse(record)
  local limit, token, flags, expiry, arrival, duration, route, value =
    match(record, '^(%d+) (%d+) (%d) (%d+) (%d+) (%d+) (%S+ %S+) (.*)$')
  return {
    limit = tonumber(limit), token = tonumber(token), flags = tonumber(flags), expiry = tonumber(expiry),
    arrival = tonumber(arrival), duration = tonumber(duration), route = route, value = value,
  }
end

local function pack(c)
  return format('%.0f %.0f %d %.0f %.0f %.0f ', c.limit, c.token, c.flags, c.expiry, c.arrival, c.duration)
    .. c.route .. ' ' .. c.value
end

-- token: the last one; seen: the latest time of a write; earliest: no claim or tombstone expires before it (0: there is
-- none); arrivals: the last number; held, limit, at_limit: how many are granted, their smallest limit, how many have it;
-- waiting: how many wait; till: when the keys expire. Doubles, because to write and read nine numbers as text took a
-- third of the time of a script.
local STATE = '>ddddddddd'

local function open(h, w, state)
  local q = { h = h, w = w, token = 0, seen = 0, earliest = 0, arrivals = 0, held = 0, limit = 0, at_limit = 0, waiting = 0, till = 0 }
  if state then
    q.token, q.seen, q.earliest, q.arrivals, q.held, q.limit, q.at_limit, q.waiting, q.till = struct.unpack(STATE, state)
  end
  return q
end

local function announce(q, flags)
  if flags % 2 == ANNOUNCED then q.changed = true end
end

-- Rule 1, given that everything granted is a prefix of the queue.
local function admits(q, limit)
  if q.held == 0 then return true end
  if limit == 0 or q.limit == 0 then return false end
  if limit == SHARED or q.limit == SHARED then return limit == q.limit end
  return q.held < min(q.limit, limit)
end

local function count(q, limit)
  if q.held == 0 or limit < q.limit then
    q.limit, q.at_limit = limit, 1
  elseif limit == q.limit then
    q.at_limit = q.at_limit + 1
  end
  q.held = q.held + 1
end

local function expires(q, expiry)
  if q.earliest == 0 or expiry < q.earliest then q.earliest = expiry end
end

-- Rule 10: greater than the last, and than any token that was given out before the register was dropped.
local function next_token(q)
  local token = max(q.token + 1, micros)
  if token > LAST_TOKEN then error('Coordination: the token register of ' .. q.h .. ' is beyond 2^53') end
  q.token = token
  return token
end

-- Writes the state, and with it a field of the hash where one is given, and tells the news: last, so that a user who may not
-- publish leaves nothing half done. The keys outlive every claim, and the last token
-- by the retention, counted from the token's own time (rule 10). They are told so with some to spare, hence seldom.
local function save(q, retention, field, record, longest)
  local extended = false
  local till = max(longest or 0, q.token / 1000 + retention)
  if till > q.till then
    q.till = floor(till + retention / 2)
    extended = true
  end
  local state = struct.pack(STATE, q.token, now, q.earliest, q.arrivals, q.held, q.limit, q.at_limit, q.waiting, q.till)
  if field then
    call('HSET', q.h, ':', state, field, record)
  else
    call('HSET', q.h, ':', state)
  end
  if extended then
    call('PEXPIREAT', q.h, int(q.till))
    if q.waiting > 0 then call('PEXPIREAT', q.w, int(q.till)) end
  end
  local grants, changed = q.grants, q.changed
  q.grants, q.changed = nil, nil
  if grants then
    for _, grant in ipairs(grants) do call('PUBLISH', grant[1], grant[2]) end
  end
  if changed then call('PUBLISH', q.h .. ':changes', '') end
end

local function bury(q, id, duration)
  local expiry = burial_of(duration)
  call('HSET', q.h, '!' .. id, int(expiry) .. ' ' .. int(duration))
  expires(q, expiry)
  return expiry
end

-- Makes w name the waiting claims, and them alone. They differ after a key was evicted or a waiting claim deleted by hand: it
-- would count as waiting for good, or wait for good.
local function mend(q, waiting)
  for _, id in ipairs(call('ZRANGE', q.w, 0, -1)) do
    if waiting[id] then waiting[id] = nil else call('ZREM', q.w, id) end
  end
  for id, arrival in pairs(waiting) do
    call('ZADD', q.w, int(arrival), id)
  end
  call('PEXPIREAT', q.w, int(q.till))
end

-- Walks all claims: clamps what a step back of the clock left too far ahead (rule 9), removes what has expired and buries
-- it (rule 4), and counts afresh.
local function walk(q)
  local fields = call('HGETALL', q.h)
  local waiting = {}
  q.held, q.limit, q.at_limit, q.waiting, q.earliest = 0, 0, 0, 0, 0
  for i = 1, #fields, 2 do
    local field, text = fields[i], fields[i + 1]
    local mark = string.sub(field, 1, 1)
    if mark == '!' then
      local expiry, duration = match(text, '^(%d+) (%d+)$')
      expiry = min(tonumber(expiry), burial_of(tonumber(duration)))
      if expiry <= now then
        call('HDEL', q.h, field)
      else
        if now < q.seen then call('HSET', q.h, field, int(expiry) .. ' ' .. duration) end
        expires(q, expiry)
      end
    elseif mark ~= ':' then
      local c = parse(text)
      local latest = expiry_of(c.duration)
      if c.expiry <= now then
        call('HDEL', q.h, field)
        if c.token == 0 then call('ZREM', q.w, field) else announce(q, c.flags) end
        bury(q, field, c.duration)
      else
        if c.expiry > latest then
          c.expiry = latest
          call('HSET', q.h, field, pack(c))
        end
        expires(q, c.expiry)
        if c.token == 0 then
          q.waiting, waiting[field] = q.waiting + 1, c.arrival
        else
          count(q, c.limit)
        end
      end
    end
  end
  if call('ZCARD', q.w) ~= q.waiting then mend(q, waiting) end
end

-- Grants from the head of the queue as far as the rule allows. A grant does not re-arm the claim's expiry (rule 7), and is
-- announced to the session that waits for it: "session id token". `save` follows.
local function promote(q)
  while q.waiting > 0 do
    local id = call('ZRANGE', q.w, 0, 0)[1]
    local record = id and call('HGET', q.h, id)
    if not record then
      -- Deleted by hand, or evicted. Whether it was counted is not known: afresh.
      if id then call('ZREM', q.w, id) end
      walk(q)
    else
      local c = parse(record)
      if not admits(q, c.limit) then return end
      c.token = next_token(q)
      call('HSET', q.h, id, pack(c))
      call('ZREM', q.w, id)
      count(q, c.limit)
      q.waiting = q.waiting - 1
      announce(q, c.flags)
      local channel, session = match(c.route, '^(%S+) (%S+)$')
      q.grants = q.grants or {}
      q.grants[#q.grants + 1] = { channel, session .. ' ' .. id .. ' ' .. int(c.token) }
    end
  end
end

-- Opens the queue, swept: nothing in it has expired, nothing grantable waits. Without an expiry that is due and without a
-- step back of the clock this costs nothing. Returns it, and a claim's record and tombstone as they are written, or false.
local function begin(h, w, id)
  local read = call('HMGET', h, ':', id, '!' .. id)
  local q = open(h, w, read[1])
  if now < q.seen or (q.earliest > 0 and now >= q.earliest) then
    walk(q)
    promote(q)
    q.swept = true
    read = call('HMGET', h, ':', id, '!' .. id)
  end
  return q, read[2], read[3]
end
