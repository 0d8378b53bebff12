-- Shared by the scripts that work on resources: put behind resource.lua, and behind what some of them try first.

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

local function open(h, w, t, state)
  local q = { h = h, w = w, t = t, seen = 0, earliest = 0, kind = -1, held = 0, excl = 0, waiting = 0, writers = 0, bound = 0, till = 0, keep = 0 }
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
  local state = struct.pack(STATE, q.top, q.wtop, now, q.earliest, q.kind, q.held, q.excl, q.waiting, q.writers, q.bound, q.till, q.keep)
  if not q.taken then
    call('HSET', q.h, ':', state)
  elseif q.slot then
    call('HSET', q.h, ':', state, q.taken, q.record, q.slot, q.taken)
  else
    call('HSET', q.h, ':', state, q.taken, q.record)
  end
  q.taken = nil
  if extended then call('PEXPIREAT', q.h, int(q.keep)) end
  if q.waiting > 0 and (extended or q.entered) then
    call('PEXPIREAT', q.w, int(q.keep))
    call('PEXPIREAT', q.t, int(q.keep))
  end
  if q.news then
    for _, news in ipairs(q.news) do call('PUBLISH', news[1], news[2]) end
  end
  if q.changed then call('PUBLISH', q.h .. ':changes', '') end
  q.news, q.changed = nil, nil
end

local function bury(q, id, attempt, duration)
  local expiry = burial_of(duration)
  call('HSET', q.h, '!' .. id, int(attempt) .. ' ' .. int(expiry) .. ' ' .. int(duration))
  expires(q, expiry)
  return expiry
end

-- Puts a lease in. It is written by `save`, which must follow, together with the state: a command less.
local function take(q, id, what, expiry, flags, record)
  q.taken, q.record = id, record
  if q.kind > 0 then q.slot = '#' .. int(what) end
  q.held = q.held + 1
  if q.kind == 0 and what == 0 then q.excl = 1 end
  expires(q, expiry)
  if flags % 2 == ANNOUNCED then q.changed = true end
end

local function drop(q, id, c)
  call('HDEL', q.h, id)
  if q.kind > 0 then call('HDEL', q.h, '#' .. int(c.what)) end
  q.held = max(q.held - 1, 0)
  if q.kind == 0 and c.what == 0 then q.excl = 0 end
  if c.flags % 2 == ANNOUNCED then q.changed = true end
end
