-- How this master stands. The first to ask after its data began notes when that was (rule 20).
-- KEYS: m. ARGV: longest
-- Returns: 1 if it is admitted, otherwise 0; born; the clock in microseconds; its floor and its top; the longest duration; the peers' `born`
-- at its admission; ms since it was noticed as it is, and ms that count where the whole set is new.

local read = call('HMGET', m, 'run', 'born', 'born_run', 'peers', 'floor', 'top', 'longest', 'restarted')
local born = read[2]
if read[3] ~= run then
  born = int(micros)
  call('HSET', m, 'born', born, 'born_run', run, 'restarted', read[3] and '1' or '0')
  call('HDEL', m, 'peers')
  read[8] = read[3] and '1' or '0'
end
local longest = max(tonumber(ARGV[1]), tonumber(read[7] or '0'))
if read[7] ~= int(longest) then call('HSET', m, 'longest', int(longest)) end
local known = max(floor((micros - tonumber(born)) / 1000), 0)
local up = read[8] == '1' and 0 or tonumber(match(about, 'uptime_in_seconds:(%-?%d+)')) * 1000
return {
  read[1] == run and 1 or 0, born, int(micros), read[5] or '0', read[6] or '0', int(longest), read[1] == run and read[4] or '', int(known), int(max(known, up)),
}
