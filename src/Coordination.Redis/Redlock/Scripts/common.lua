-- Shared by all scripts of Redlock: put first when they are loaded. KEYS[1] = m, what this master knows of itself, a hash:
--   run       the run_id under which it was admitted: scripts refuse under any other (rule 20)
--   born      when its data began, in microseconds of its clock, and born_run, under which run_id: a number for the life of the data.
--             A flush, a restart, a failover begin another
--   peers     the `born` of all masters when it was admitted: one of these that is still the same has forgotten nothing
--   floor     no token below: set at the admission
--   top       no register here is above: kept a second ahead, so that it is seldom written
--   longest   the longest duration, in ms, that anybody may use who has been here
--
-- Times are milliseconds of the server's clock, tokens microseconds. Numbers are written by %.0f (rule 11).

local SHARED = 4294967296
local LAST_TOKEN = 9007199254740991 -- 2^53 - 1: beyond it neighbours are equal (rule 11)
local OUT = -1

local call, match, format, sub = redis.call, string.match, string.format, string.sub
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min

local function int(n)
  return format('%.0f', n)
end

-- Read once for a script: it moves while the script runs (rule 11).
local time = call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = floor(micros / 1000)

-- The server's own word, each time: what a client read when it connected may be older than the last restart.
local about = call('INFO', 'server')
local _, after = string.find(about, 'run_id:', 1, true)
local run = sub(about, after + 1, after + 40)

local m = KEYS[1]
