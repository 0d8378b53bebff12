-- Behind queue.lua: what is needed where others hold or wait, or something has expired. Most calls need none of it, and making so many functions takes as long
-- as all else that such a call does: they are made when they are needed.

local made
local function rare()
  if made then return made end

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

  local function member_of(what, id)
    return (what == 0 and 'X' or 'S') .. id
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

  made = {
    parse_ticket = parse_ticket, enter = enter, leave = leave, wake = wake, walk = walk, obstacle = obstacle, free_slots = free_slots, pack_ticket = pack_ticket,
  }
  return made
end

-- Opens a resource, swept: nothing in it has expired. Returns it, and what its hash has in other fields that are asked for.
local function begin(h, w, t, ...)
  local read = fetched or call('HMGET', h, ':', ...)
  fetched = nil
  local q = open(h, w, t, read[1])
  if now < q.seen or (q.earliest > 0 and now >= q.earliest) then
    rare().walk(q)
    read = call('HMGET', h, ':', ...)
  end
  return q, read[2], read[3]
end
