-- Shared by the scripts that work on resources: put behind common.lua.
--
-- A resource has three keys on each master. h, a hash:
--   :         its state: twelve doubles (see `open`)
--   <id>      a lease, or a part of one that is being tried: "what attempt token flags version expiry duration by value". `what` is 0 for
--             exclusive, SHARED for shared, otherwise the number of a slot. `by` says who took it over
--   #<slot>   the id in a slot
--   !<id>     a tombstone, "attempt expiry duration": attempts up to this one are used up (rules 4, 5, 12)
-- w, a sorted set: those that wait, by ticket; t, a hash: what they want, "what expiry duration reserve missed flags channel session value".
--
-- ARGV[1] is the longest duration that the caller may use, ARGV[2] the retention of registers.

if tonumber(ARGV[1]) <= 0 then error('Coordination: a longest duration is needed') end
local self = call('HMGET', m, 'run', 'floor', 'top', 'longest')
if self[1] ~= run then return OUT end
self[4] = self[4] or '0' -- An operator may delete it, to lower it.
if tonumber(ARGV[1]) > tonumber(self[4]) then call('HSET', m, 'longest', ARGV[1]) end

local longest = max(tonumber(ARGV[1]), tonumber(self[4]))
local retention = tonumber(ARGV[2])
local GRANTED, HELD, RESERVED, INTENT, STALE, KIND, USED, ABSENT = 1, 2, 3, 4, 5, 6, 7, 8
local ANNOUNCED, DETACHED = 1, 2
local EVERY = 999999999 -- of attempts

-- One millisecond more: `now` was rounded down, and the claim must last for the whole of its duration.
local function expiry_of(duration)
  return now + duration + 1
end

local function burial_of(duration)
  local step = max(floor(duration / 4), 1)
  return ceil(expiry_of(duration) / step) * step
end

local function parse(record)
  local what, attempt, token, flags, version, expiry, duration, by, value =
    match(record, '^(%d+) (%d+) (%d+) (%d) (%d+) (%d+) (%d+) (%S+) (.*)$')
  return {
    what = tonumber(what), attempt = tonumber(attempt), token = tonumber(token), flags = tonumber(flags), version = tonumber(version),
    expiry = tonumber(expiry), duration = tonumber(duration), by = by, value = value,
  }
end

local function pack(c)
  return format('%.0f %.0f %.0f %d %.0f %.0f %.0f ', c.what, c.attempt, c.token, c.flags, c.version, c.expiry, c.duration)
    .. c.by .. ' ' .. c.value
end

local function parse_ticket(record)
  local what, expiry, duration, reserve, missed, flags, route, value =
    match(record, '^(%d+) (%d+) (%d+) (%d+) (%d) (%d) (%S+ %S+) (.*)$')
  return {
    what = tonumber(what), expiry = tonumber(expiry), duration = tonumber(duration), reserve = tonumber(reserve),
    missed = tonumber(missed), flags = tonumber(flags), route = route, value = value,
  }
end

local function pack_ticket(t)
  return format('%.0f %.0f %.0f %.0f %d %d ', t.what, t.expiry, t.duration, t.reserve, t.missed, t.flags) .. t.route .. ' ' .. t.value
end

-- top: the highest token of all, wtop: of writers (rule 18); seen: the latest time of a write; earliest: nothing expires before it (0: there
-- is nothing); kind: 0 a lock, otherwise the number of slots (rule 19), -1 while nobody is there; held: how many leases; excl: 1 with a
-- writer among them; waiting, writers: how many wait; bound, till: those with a later ticket are refused until then (rule 15); keep: when
-- the keys expire.
local STATE = '>dddddddddddd'

local function open(h, w, t)
  local q = { h = h, w = w, t = t, seen = 0, earliest = 0, kind = -1, held = 0, excl = 0, waiting = 0, writers = 0, bound = 0, till = 0, keep = 0 }
  local state = call('HGET', h, ':')
  if state then
    q.top, q.wtop, q.seen, q.earliest, q.kind, q.held, q.excl, q.waiting, q.writers, q.bound, q.till, q.keep = struct.unpack(STATE, state)
    -- What is left from before an admission may be older than what was lost.
    q.top, q.wtop = max(q.top, tonumber(self[2])), max(q.wtop, tonumber(self[2]))
  else
    -- A register that is missing was dropped when its token had been out of use for the retention: it was not greater than this.
    q.top = max(tonumber(self[2]), (now - retention) * 1000)
    q.wtop = q.top
    q.fresh = true
  end
  return q
end

local function raise(q, token, is_writer)
  if token > LAST_TOKEN then error('Coordination: the token register of ' .. q.h .. ' is beyond 2^53') end
  if token > q.top then q.top = token end
  if is_writer and token > q.wtop then q.wtop = token end
end

local function expires(q, expiry)
  if q.earliest == 0 or expiry < q.earliest then q.earliest = expiry end
end

-- Writes the state, and tells the news last. The register of the whole master goes first: what it says must never be too low.
local function save(q, latest)
  if q.top > tonumber(self[3]) then
    self[3] = int(q.top + 1000000)
    call('HSET', m, 'top', self[3])
  end
  local keep = max(latest or 0, q.top / 1000 + retention)
  local extended = keep > q.keep
  if extended then q.keep = floor(keep + retention / 2) end
  if q.held + q.waiting == 0 then q.kind = -1 end
  call('HSET', q.h, ':', struct.pack(STATE, q.top, q.wtop, now, q.earliest, q.kind, q.held, q.excl, q.waiting, q.writers, q.bound, q.till, q.keep))
  if extended then call('PEXPIREAT', q.h, int(q.keep)) end
  if q.waiting > 0 and (extended or q.entered) then
    call('PEXPIREAT', q.w, int(q.keep))
    call('PEXPIREAT', q.t, int(q.keep))
  end
  for _, news in ipairs(q.news or {}) do call('PUBLISH', news[1], news[2]) end
  if q.changed then call('PUBLISH', q.h .. ':changes', '') end
  q.news, q.changed = nil, nil
end

local function bury(q, id, attempt, duration)
  local expiry = burial_of(duration)
  call('HSET', q.h, '!' .. id, int(attempt) .. ' ' .. int(expiry) .. ' ' .. int(duration))
  expires(q, expiry)
  return expiry
end

local function member_of(what, id)
  return (what == 0 and 'X' or 'S') .. id
end

local function take(q, id, c)
  call('HSET', q.h, id, pack(c))
  if q.kind > 0 then call('HSET', q.h, '#' .. int(c.what), id) end
  q.held = q.held + 1
  if q.kind == 0 and c.what == 0 then q.excl = 1 end
  expires(q, c.expiry)
  if c.flags % 2 == ANNOUNCED then q.changed = true end
end

local function drop(q, id, c)
  call('HDEL', q.h, id)
  if q.kind > 0 then call('HDEL', q.h, '#' .. int(c.what)) end
  q.held = max(q.held - 1, 0)
  if q.kind == 0 and c.what == 0 then q.excl = 0 end
  if c.flags % 2 == ANNOUNCED then q.changed = true end
end

-- Takes a place among the waiting, or keeps it.
local function enter(q, id, ticket, t)
  local known = call('HEXISTS', q.t, id) == 1
  call('HSET', q.t, id, pack_ticket(t))
  call('ZADD', q.w, int(ticket), member_of(t.what, id)) -- Its ticket may be a later one.
  expires(q, t.expiry)
  if not known then
    q.waiting = q.waiting + 1
    if t.what == 0 then q.writers = q.writers + 1 end
    q.entered = true
  end
end

local function leave(q, id)
  local record = q.waiting > 0 and call('HGET', q.t, id)
  if not record then return nil end
  local t = parse_ticket(record)
  call('HDEL', q.t, id)
  call('ZREM', q.w, member_of(t.what, id))
  q.waiting = max(q.waiting - 1, 0)
  if t.what == 0 then q.writers = max(q.writers - 1, 0) end
  return t
end

-- Rule 15: reserves what is free for the first of those that wait, and wakes them and nobody else. One that was woken before and
-- was not heard of since may be dead, unless it was a moment ago: it is woken again, but nothing is kept for it. `except` knows already.
local function wake(q, except)
  if q.waiting == 0 or (q.kind == 0 and q.excl == 1) then return end
  local free = q.kind > 0 and q.kind - q.held or 1
  if free <= 0 then return end
  local members = call('ZRANGE', q.w, 0, 63, 'WITHSCORES')
  local reserve, readers, bound = 0, false, q.bound
  for i = 1, #members, 2 do
    local id, is_writer, ticket = sub(members[i], 2), sub(members[i], 1, 1) == 'X', tonumber(members[i + 1])
    if is_writer and (q.held > 0 or readers) then break end
    local record = call('HGET', q.t, id)
    if record then
      local t = parse_ticket(record)
      local is_coming = t.missed == 1 and now < q.till and ticket <= q.bound
      if id ~= except and not is_coming then
        local channel, session = match(t.route, '^(%S+) (%S+)$')
        q.news = q.news or {}
        q.news[#q.news + 1] = { channel, session .. ' ' .. id }
      end
      if t.missed == 0 or is_coming then
        if id ~= except and not is_coming then
          t.missed = 1
          call('HSET', q.t, id, pack_ticket(t))
        end
        reserve = max(reserve, is_coming and q.till - now or t.reserve)
        bound = ticket
        if is_writer then break end
        readers = q.kind == 0
        if q.kind > 0 then
          free = free - 1
          if free == 0 then break end
        end
      end
    end
  end
  if reserve > 0 then q.bound, q.till = bound, now + reserve end
end

-- Makes w name those that wait, and them alone: they differ after a key was deleted by hand.
local function mend(q, tickets)
  for _, member in ipairs(call('ZRANGE', q.w, 0, -1)) do
    if tickets[sub(member, 2)] then
      tickets[sub(member, 2)] = nil
    else
      call('ZREM', q.w, member)
    end
  end
  for id, what in pairs(tickets) do
    call('ZADD', q.w, int(q.top), member_of(what, id))
  end
end

-- Walks everything: clamps what a step back of the clock left too far ahead (rule 9), removes and buries what has expired (rule 4), and
-- counts afresh.
local function walk(q)
  local back = now < q.seen
  local slots, live, freed = {}, {}, false
  q.held, q.excl, q.waiting, q.writers, q.earliest = 0, 0, 0, 0, 0
  if back then q.till = 0 end
  local fields = call('HGETALL', q.h)
  for i = 1, #fields, 2 do
    local field, text = fields[i], fields[i + 1]
    local mark = sub(field, 1, 1)
    if mark == '!' then
      local attempt, expiry, duration = match(text, '^(%d+) (%d+) (%d+)$')
      expiry = min(tonumber(expiry), burial_of(tonumber(duration)))
      if expiry <= now then
        call('HDEL', q.h, field)
      else
        if back then call('HSET', q.h, field, attempt .. ' ' .. int(expiry) .. ' ' .. duration) end
        expires(q, expiry)
      end
    elseif mark == '#' then
      slots[field] = text
    elseif mark ~= ':' then
      local c = parse(text)
      local latest = expiry_of(c.duration)
      if c.expiry <= now then
        call('HDEL', q.h, field)
        if c.flags % 2 == ANNOUNCED then q.changed = true end
        bury(q, field, c.attempt, c.duration)
        freed = true
      else
        if c.expiry > latest then
          c.expiry = latest
          call('HSET', q.h, field, pack(c))
        end
        expires(q, c.expiry)
        live[field] = true
        q.held = q.held + 1
        if q.kind == 0 and c.what == 0 then q.excl = 1 end
      end
    end
  end
  for slot, id in pairs(slots) do
    if not live[id] then call('HDEL', q.h, slot) end
  end
  local waiting = call('HGETALL', q.t)
  local tickets = {}
  for i = 1, #waiting, 2 do
    local id, t = waiting[i], parse_ticket(waiting[i + 1])
    local latest = expiry_of(t.duration)
    if t.expiry <= now then
      call('HDEL', q.t, id)
      call('ZREM', q.w, member_of(t.what, id))
      bury(q, id, EVERY, t.duration)
      freed = true
    else
      if t.expiry > latest then
        t.expiry = latest
        call('HSET', q.t, id, pack_ticket(t))
      end
      expires(q, t.expiry)
      tickets[id] = t.what
      q.waiting = q.waiting + 1
      if t.what == 0 then q.writers = q.writers + 1 end
    end
  end
  if call('ZCARD', q.w) ~= q.waiting then mend(q, tickets) end
  if q.held + q.waiting == 0 then q.kind = -1 end
  if freed then wake(q) end
  q.swept = true
end

-- Opens a resource, swept: nothing in it has expired.
local function begin(h, w, t)
  local q = open(h, w, t)
  if now < q.seen or (q.earliest > 0 and now >= q.earliest) then walk(q) end
  return q
end

-- Who is in the way of a claim by what is held here: since when it is free again, and one of them. The same one on all masters: a writer behind
-- many readers has not lost a race to any.
local function holders(q, what)
  local fields = call('HGETALL', q.h)
  local expiry, other = 0, nil
  for i = 1, #fields, 2 do
    local mark = sub(fields[i], 1, 1)
    if mark ~= ':' and mark ~= '!' and mark ~= '#' then
      local c = parse(fields[i + 1])
      if what == 0 or c.what == 0 then
        local owner = fields[i] .. '.' .. int(c.attempt)
        expiry = max(expiry, c.expiry)
        if not other or owner < other then other = owner end
      end
    end
  end
  return expiry, other
end

-- When the first of the leases ends here.
local function first_expiry(q)
  local expiry = math.huge
  local fields = call('HGETALL', q.h)
  for i = 1, #fields, 2 do
    local mark = sub(fields[i], 1, 1)
    if mark ~= ':' and mark ~= '!' and mark ~= '#' then expiry = min(expiry, parse(fields[i + 1]).expiry) end
  end
  return expiry
end

-- Why a claim cannot have it now, or nil: a reason, in how many ms it may, and who holds it. A ticket of 0 means that it has no place here.
local function obstacle(q, id, kind, what, ticket)
  if q.kind >= 0 and q.kind ~= kind then return KIND, 0, int(q.kind) end
  if q.held > 0 then
    if kind == 0 and (what == 0 or q.excl == 1) then
      local expiry, other = holders(q, what)
      if other then return HELD, max(expiry - now, 0), other end
      walk(q) -- Deleted by hand.
      if q.held > 0 and (what == 0 or q.excl == 1) then return HELD, 1, '' end
    elseif kind > 0 then
      local other = call('HGET', q.h, '#' .. int(what))
      local record = other and call('HGET', q.h, other)
      if record then
        local expiry = parse(record).expiry
        -- Any slot will do: the one that is free first.
        if q.held >= kind then expiry = min(expiry, first_expiry(q)) end
        return HELD, max(expiry - now, 0), other .. '.' .. int(parse(record).attempt)
      elseif other then
        walk(q)
      end
    end
  end
  if now < q.till and (ticket == 0 or ticket > q.bound) then return RESERVED, q.till - now, '' end
  if kind == 0 and what == SHARED and q.writers > 0 then
    -- Rule 18: a writer that waits refuses readers that came after it.
    local members = call('ZRANGE', q.w, 0, -1, 'WITHSCORES')
    for i = 1, #members, 2 do
      if sub(members[i], 1, 1) == 'X' then
        if ticket == 0 or ticket > tonumber(members[i + 1]) then
          local record = call('HGET', q.t, sub(members[i], 2))
          if record then return INTENT, max(parse_ticket(record).expiry - now, 0), '' end
        end
        break
      end
    end
  end
  return nil
end

-- Slots that are free here, the first few from a number on: all masters are asked from the same.
local function free_slots(q, limit, from)
  local found = {}
  if q.held < limit then
    for n = 0, min(limit, 64) - 1 do
      local slot = (from - 1 + n) % limit + 1
      if call('HEXISTS', q.h, '#' .. int(slot)) == 0 then
        found[#found + 1] = slot
        if #found == 16 then break end
      end
    end
  end
  return found
end
