-- Says what is here. Writes nothing, unless something has expired.
-- KEYS: m, h, w, t. ARGV: longest, retention, 1 for leases only
-- Returns the kind, how many numbers and texts a lease and a ticket have (for readers of this reply), then of each lease: id, attempt, what,
-- token, version, ms until it expires, value; and of each that waits: id, 0, what, ticket, 0, ms, value; or -1 when this master is not admitted.

local q = begin(KEYS[2], KEYS[3], KEYS[4])
if q.swept then save(q) end
local found = { int(q.kind) }
local function add(...)
  for _, item in ipairs({ ... }) do found[#found + 1] = item end
end
local fields = call('HGETALL', q.h)
for i = 1, #fields, 2 do
  local mark = sub(fields[i], 1, 1)
  if mark ~= ':' and mark ~= '!' and mark ~= '#' then
    local c = parse(fields[i + 1])
    add(fields[i], int(c.attempt), int(c.what), int(c.token), int(c.version), int(c.expiry - now), c.value)
  end
end
if ARGV[3] ~= '1' and q.waiting > 0 then
  local members = call('ZRANGE', q.w, 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    local id = sub(members[i], 2)
    local record = call('HGET', q.t, id)
    if record then
      local t = rare().parse_ticket(record)
      add(id, '0', int(t.what), int(tonumber(members[i + 1])), '0', int(t.expiry - now), t.value)
    end
  end
end
return found
