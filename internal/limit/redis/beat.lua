-- A node says that it lives. KEYS: the fleet. ARGV: the node's ID; of how many
-- nodes it knows; for how long it is present after it heard from here (trust,
-- microseconds); when it last heard from here (this server's time; 0: not in
-- this epoch); the epoch that it knows ('': none); a name for a new epoch; 1
-- where nobody can have spent anything before a new epoch; 1 where the time
-- in which nobody was present counts; 1 where it leaves.
-- A node that another one hasn't heard of yet may not lease: where Redis goes
-- away, that one would enforce too large a share.
-- Answers: epoch, this server's time, whether the node is present and may lease,
-- how many are present, of how many.

local node, nodes, trust, seen, knows = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local now = clock()
local f = readFleet(KEYS[1])
if not f then
  f = {key = KEYS[1], epoch = ARGV[6], full = ARGV[7] == '1', v = 0, t = now, share = 0, ends = now}
end
if knows ~= '' and knows ~= f.epoch then f.full = false end -- somebody remembers what Redis has lost
now = advance(f, now, trust)

local admitted = false
local joins = seen ~= 0 and knows == f.epoch and seen + trust > now and ARGV[9] ~= '1'
if ARGV[9] == '1' then
  redis.call('HDEL', KEYS[1], 'm:' .. node)
elseif joins then
  local since = newcomer(f, node, nodes, now, trust)
  redis.call('HSET', KEYS[1], 'm:' .. node, exact(math.min(seen, now) + trust) .. ' ' .. nodes .. ' ' .. since)
  admitted = since == '0'
end
if f.t < now then -- nobody was present
  if joins and ARGV[8] == '1' then run(f, now, 1 / nodes) end
  f.t = joins and now or f.t
end
count(f, now, trust)
writeFleet(f)
return {f.epoch, whole(math.floor(now)), admitted and 1 or 0, f.present, f.nodes}
