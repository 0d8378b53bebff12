-- Renews leases and waiting claims. Makes none that is not there.
-- KEYS: m, and h, w, t of each claim. ARGV: longest, retention, duration, and of each claim: id, attempt (0: it waits)
-- Returns of each claim: 0 it is not there, 1 renewed, 2 renewed, and could be had here; or -1 when this master is not admitted.

local duration = tonumber(ARGV[3])
if duration > longest then error('Coordination: the duration is longer than the longest allowed') end
local answers = {}
for i = 4, #ARGV, 2 do
  local n = (i - 4) / 2 * 3
  local id, attempt = ARGV[i], tonumber(ARGV[i + 1])
  local q, record = begin(KEYS[n + 2], KEYS[n + 3], KEYS[n + 4], id)
  local expiry, answer = expiry_of(duration), 0
  if attempt > 0 then
    local c = record and parse(record)
    if c and c.attempt == attempt then
      c.duration, c.expiry, answer = duration, expiry, 1
      -- First, since it takes no memory: a script that has written goes on when the server has none left.
      call('PEXPIREAT', q.h, int(max(q.keep, expiry)))
      call('HSET', q.h, id, pack(c))
    end
  else
    record = call('HGET', q.t, id)
    if record then
      local t = rare().parse_ticket(record)
      t.duration, t.expiry, t.missed, answer = duration, expiry, 0, 1
      call('PEXPIREAT', q.h, int(max(q.keep, expiry)))
      call('HSET', q.t, id, rare().pack_ticket(t))
      if now >= q.till and (q.held == 0 or q.kind > q.held) then
        -- The first, or anybody when the first was woken some time ago and was not heard of since: a moment is what a loaded machine needs.
        local first = call('ZRANGE', q.w, 0, 0)[1]
        local is_dead = function(other)
          local record = call('HGET', q.t, other)
          return not record or (rare().parse_ticket(record).missed == 1 and now >= q.till + duration / 8)
        end
        if first and (sub(first, 2) == id or is_dead(sub(first, 2))) then answer = 2 end
      end
    end
  end
  if answer > 0 then
    expires(q, expiry)
    save(q, expiry)
  elseif q.swept then
    save(q)
  end
  answers[#answers + 1] = answer
end
return answers
