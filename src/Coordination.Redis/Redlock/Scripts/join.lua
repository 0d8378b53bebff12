-- A lease that is held by a majority enters a master that did not have it, if that one is free (rule 14); and its claim waits there no more.
-- KEYS: m, h, w, t. ARGV: longest, retention, id, attempt, token, duration, kind, what, flags, version, by, value
-- Returns 1 when it is there now, 0 when others are in the way, -1 when this master is not admitted.

local id, attempt, token, duration = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kind, what = tonumber(ARGV[7]), tonumber(ARGV[8])
if duration > longest then error('Coordination: the duration is longer than the longest allowed') end
local q, record, tombstone = begin(KEYS[2], KEYS[3], KEYS[4], id, '!' .. id)
local left = rare().leave(q, id)
local answer = 0
local expiry = expiry_of(duration)
if record and parse(record).attempt >= attempt then
  answer = parse(record).attempt == attempt and 1 or 0
elseif not (tombstone and attempt <= tonumber(match(tombstone, '^(%d+)'))) and (q.kind < 0 or q.kind == kind) then
  if record then drop(q, id, parse(record)) end
  local taken
  if kind > 0 then
    taken = call('HEXISTS', q.h, '#' .. int(what)) == 1
  else
    taken = q.held > 0 and (what == 0 or q.excl == 1)
  end
  if not taken then
    q.kind = kind
    local flags = tonumber(ARGV[9])
    take(q, id, what, expiry, flags, pack({
      what = what, attempt = attempt, token = token, flags = flags, version = tonumber(ARGV[10]), expiry = expiry,
      duration = duration, by = ARGV[11], value = ARGV[12],
    }))
    raise(q, token, not (kind == 0 and what == SHARED))
    q.till = 0
    answer = 1
  end
end
if left or q.swept or answer == 1 then save(q, expiry) end
return answer
