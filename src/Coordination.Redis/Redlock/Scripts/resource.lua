-- Shared by the scripts that work on resources, and first in them behind common.lua: whether this master is admitted, and what its keys hold.
--
-- A resource has three keys on each master. h, a hash:
--   :         its state: twelve doubles (see STATE)
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

-- top: the highest token of all, wtop: of writers (rule 18); seen: the latest time of a write; earliest: nothing expires before it (0: there
-- is nothing); kind: 0 a lock, otherwise the number of slots (rule 19), -1 while nobody is there; held: how many leases; excl: 1 with a
-- writer among them; waiting, writers: how many wait; bound, till: those with a later ticket are refused until then (rule 15); keep: when
-- the keys expire.
local STATE = '>dddddddddddd'

-- What has been read of the first resource already, for `begin`.
local fetched

-- One millisecond more: `now` was rounded down, and the claim must last for the whole of its duration.
local function expiry_of(duration)
  return now + duration + 1
end

