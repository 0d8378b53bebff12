-- Admits this master, if it has been out for the longest duration that anybody may use (rule 20).
-- KEYS: m. ARGV: longest, born, floor, peers, mode: 1 waits from the first notice; 0, for a set that is new as a
-- whole, from the server's start, unless its data knew another run_id (a replica that was promoted has been up for long, and lost data
-- now); 2 has nothing to wait for: it has forgotten nothing since the others were admitted
-- Returns 1 when it is admitted now, 0 when it began anew meanwhile, or minus the ms that are left to wait.

local read = call('HMGET', m, 'run', 'born', 'born_run', 'longest', 'top', 'restarted')
if read[1] == run then return 1 end
if read[3] ~= run or read[2] ~= ARGV[2] then return 0 end
local longest = max(tonumber(ARGV[1]), tonumber(read[4] or '0'))
local out = floor((micros - tonumber(read[2])) / 1000)
if ARGV[5] == '0' and read[6] ~= '1' then out = max(out, tonumber(match(about, 'uptime_in_seconds:(%-?%d+)')) * 1000) end
if ARGV[5] ~= '2' and out <= longest then return min(out - longest, 0) - 1 end
local top = max(tonumber(read[5] or '0'), tonumber(ARGV[3]))
call('HSET', m, 'run', run, 'floor', ARGV[3], 'top', int(top), 'peers', ARGV[4], 'longest', int(longest))
return 1
