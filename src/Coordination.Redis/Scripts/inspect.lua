-- Says who holds and who waits. Writes nothing, unless the server's clock was set back: then what that left too far ahead is
-- brought back, or it would be shown for as long (rule 9).
-- ARGV: 1 for holders only, retention
-- Returns the time until the first holder's expiry in ms (0: nobody holds), then id, limit, token, arrival and value of each
-- claim, in no order.

local holders_only = ARGV[1] == '1'
local q = open(KEYS[1], KEYS[2], call('HGET', KEYS[1], ':'))
if now < q.seen then
  walk(q)
  promote(q)
  save(q, tonumber(ARGV[2]))
end
local fields = call('HGETALL', KEYS[1])
local found, first = { 0 }, 0
for i = 1, #fields, 2 do
  local mark = string.sub(fields[i], 1, 1)
  if mark ~= ':' and mark ~= '!' then
    local c = parse(fields[i + 1])
    local expiry = min(c.expiry, expiry_of(c.duration))
    if expiry > now and (c.token ~= 0 or not holders_only) then
      if c.token ~= 0 and (first == 0 or expiry < first) then first = expiry end
      local n = #found
      found[n + 1], found[n + 2], found[n + 3] = fields[i], int(c.limit), int(c.token)
      found[n + 4], found[n + 5] = int(c.arrival), c.value
    end
  end
end
if first > 0 then found[1] = first - now end
return found
