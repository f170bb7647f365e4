-- What a node has spent and holds of one quota. KEYS: the fleet, the quota.
-- ARGV: the node's ID; the epoch that it knows; seq, which grows with each call;
-- life, which tells counters of one node apart; used (what was spent in this
-- life and epoch); held (what it may spend still); need and want (what it asks
-- for: none where there is less than need); extra (what it would like beyond,
-- where there is plenty) and parts (no more than that part of the rest); the
-- limit; base (what was stored when the node looked; -1: it didn't); for how many
-- milliseconds this is kept.
-- Answers: 0 (another epoch), 1 (the base is missing), 2 (a later call has come
-- first); or 3, what was granted, what all nodes have spent and hold.
--
-- A quota is a hash: epoch e; t, what all nodes have spent and hold; and /ID, a
-- node's part of that: used, held, seq, life.

local node, epoch, seq, life = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local used, held, need, want = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local extra, parts, limit, base = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])

-- spentBefore is what all nodes had spent in another epoch. Not all of that may
-- be stored yet.
local function spentBefore(h)
  if not h[1] then return 0 end
  local spent, all = tonumber(h[2]), redis.call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == '/' then
      spent = spent - tonumber(string.match(all[i + 1], '^%S+ (%S+)'))
    end
  end
  return spent
end

if redis.call('HGET', KEYS[1], 'epoch') ~= epoch then return {0} end
local h = redis.call('HMGET', KEYS[2], 'e', 't', '/' .. node)
local t
if h[1] ~= epoch then
  if base < 0 then return {1} end
  t = math.max(base, spentBefore(h)) + held -- what this node has used is stored
  redis.call('DEL', KEYS[2])
else
  local u, l, last, of = 0, 0, 0, ''
  if h[3] then
    u, l, last, of = string.match(h[3], '^(%S+) (%S+) (%S+) (%S+)$')
    if tonumber(last) >= seq then return {2} end
    if of ~= life then u = 0 end
  end
  t = math.max(base, tonumber(h[2]) - tonumber(u) - tonumber(l) + used + held)
end

local grant, room = 0, limit - t
if want > 0 and room >= need then
  local beyond = math.max(0, math.floor((room - want) / parts))
  grant = math.min(room, want + math.min(extra, beyond))
end
local function whole(x) return string.format('%.0f', x) end
t, held = t + grant, held + grant
redis.call('HSET', KEYS[2], 'e', epoch, 't', whole(t), '/' .. node, whole(used) .. ' ' .. whole(held) .. ' ' .. whole(seq) .. ' ' .. life)
redis.call('PEXPIRE', KEYS[2], ARGV[13])
return {3, whole(grant), whole(t)}
