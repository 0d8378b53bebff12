-- One attempt to take a resource; enters the waiting list where that is wanted and it is not granted.
-- KEYS: m, h, w, t. ARGV: longest, retention, id, attempt, intent (0 queue, 1 try once, 2 find), duration, kind, what, token, ticket, reserve,
-- flags, first slot to offer, "channel session", value
-- Returns 1 when granted, -1 when this master is not admitted, or: the reason, the register, ms until it may be free, who holds it, free slots, and the
-- last ticket of those that wait, if that was the reason not to enter it: it came after them.

local id, attempt, intent, duration = ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local kind, what, token, ticket = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local flags = tonumber(ARGV[12])
if duration > longest then error('Coordination: the duration is longer than the longest allowed') end
local q, record, tombstone = begin(KEYS[2], KEYS[3], KEYS[4], id, '!' .. id)
local is_shared = kind == 0 and what == SHARED

local function refuse(reason, free, other, last)
  local slots = {}
  if kind > 0 and (reason == HELD or reason == RESERVED) then slots = rare().free_slots(q, kind, tonumber(ARGV[13])) end
  return { reason, int(is_shared and q.wtop or q.top), int(free or 0), other or '', slots, int(last or 0) }
end

if tombstone and attempt <= tonumber(match(tombstone, '^(%d+)')) then
  if q.swept then save(q) end
  return refuse(USED)
end
if record then
  local c = parse(record)
  if c.attempt > attempt then return refuse(USED) end
  if c.attempt == attempt then
    -- A copy of the same request (rule 13: its sender counts from the first).
    save(q, c.expiry)
    return GRANTED
  end
  -- What is left of an earlier attempt of this claim, which its sender has given up.
  drop(q, id, c)
  q.swept = true
end

-- One whose earlier attempt was here is not gone, though its place has not been given back yet.
local waits = q.waiting > 0 and call('HEXISTS', q.t, id) == 1
if intent == '2' and not waits and not record then
  if q.swept then save(q) end
  return refuse(ABSENT)
end

local reason, free, other
if q.held > 0 or now < q.till or (q.kind >= 0 and q.kind ~= kind) or (is_shared and q.writers > 0) then
  -- One that is not known here has come after all that wait here, whatever its ticket says.
  reason, free, other = rare().obstacle(q, id, kind, what, (waits or record) and ticket or 0)
end
if not reason and token <= (is_shared and q.wtop or q.top) then reason = STALE end
if not reason then
  if waits then rare().leave(q, id) end
  q.kind = kind
  local expiry = expiry_of(duration)
  -- As `pack` writes it: the numbers come as text, and to write them anew takes longer than to write them down.
  take(q, id, what, expiry, flags, table.concat({ ARGV[8], ARGV[4], ARGV[9], ARGV[12], '0', int(expiry), ARGV[6], '-', ARGV[15] }, ' '))
  raise(q, token, not is_shared)
  if now < q.till and ticket >= q.bound then q.till = 0 end
  save(q, expiry)
  return GRANTED
end

-- An earlier attempt may have kept others out of what this one cannot have.
if record then rare().wake(q, id) end
local entered = reason ~= KIND and (waits or intent == '0' or (intent == '2' and record))
local last = entered and attempt == 1 and q.waiting > 0 and tonumber(call('ZRANGE', q.w, -1, -1, 'WITHSCORES')[2])
if last and last >= ticket then
  if q.swept or q.fresh then save(q) end
  return refuse(reason, free, other, last)
elseif entered then
  local expiry = expiry_of(duration)
  q.kind = kind
  rare().enter(q, id, ticket, {
    what = kind == 0 and what or 1, expiry = expiry, duration = duration, reserve = tonumber(ARGV[11]), missed = 0, flags = flags,
    route = ARGV[14], value = ARGV[15],
  })
  save(q, expiry)
elseif q.swept or q.fresh then
  -- Rule 16: the floor that it was refused by is stored, or the next attempt would meet a later one.
  save(q)
end
return refuse(reason, free, other)
