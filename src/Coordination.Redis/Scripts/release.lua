-- Removes claims, granted or waiting, and grants what the rule then allows.
-- KEYS: h and w of each claim; ARGV: duration, retention, and the id of each claim
-- Returns how many were there.

local duration, retention = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = 0
for i = 3, #ARGV do
  local id = ARGV[i]
  local q, record = begin(KEYS[i * 2 - 5], KEYS[i * 2 - 4], id)
  local granted, longest
  -- Whether it is there or not: as a first write it takes no memory, so a server that has none left still releases.
  call('HDEL', q.h, id)
  if record then
    found = found + 1
    local limit, token, flags = match(record, '^(%d+) (%d+) (%d)')
    granted = token ~= '0'
    if granted then
      announce(q, tonumber(flags))
      q.held = q.held - 1
      if tonumber(limit) == q.limit then q.at_limit = q.at_limit - 1 end
      -- The last of the smallest limit left others behind: count afresh.
      if q.at_limit == 0 and q.held > 0 then walk(q) end
    else
      call('ZREM', q.w, id)
      q.waiting = q.waiting - 1
    end
  end
  -- Rules 4, 5: a late copy of a claim that is not there, or was not granted yet, must not enter. One of a claim that was
  -- granted ends within a duration, as nobody renews it.
  if not granted then longest = bury(q, id, duration) end
  promote(q)
  save(q, retention, nil, nil, longest)
end
return found
