-- Ends claims, held or waiting, for good, and wakes those that are next.
-- KEYS: m, and h, w, t of each claim. ARGV: longest, retention, duration, and of each claim: id, highest token of its attempts, their number (0: unknown)
-- Returns how many were there, or -1 when this master is not admitted.

local duration = tonumber(ARGV[3])
local found = 0
for i = 4, #ARGV, 3 do
  local n = i - 4
  local id, token, attempts = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local q, record = begin(KEYS[n + 2], KEYS[n + 3], KEYS[n + 4], id)
  local c = record and parse(record)
  local is_shared = c and q.kind == 0 and c.what == SHARED
  if c then drop(q, id, c) end
  local waited = q.waiting > 0 and rare().leave(q, id)
  if c or waited then found = found + 1 end

  -- A grant still under way leaves no orphan: its token is not above the register any more. Readers test another register, and the late end of an earlier
  -- attempt would give the claim its place again, for which others would be kept waiting: a tombstone.
  raise(q, token, not is_shared)
  local latest
  if not c or is_shared or attempts ~= 1 then latest = bury(q, id, EVERY, duration) end
  if q.waiting > 0 then rare().wake(q) end
  save(q, latest)
end
return found
