-- A node's lease on one bucket. KEYS: the fleet, the bucket. ARGV: the node's
-- ID; trust; the epoch that it knows; seq, which grows with each call; interval
-- (in which a unit refills) and burst; held (units that it keeps of its lease);
-- back (units that it gives back); need and want (units that it asks for: none
-- where there are fewer than need); for how long it leases them; and after a
-- time without Redis, 1, left and borrowed (see below), else 0.
-- Times are nanoseconds of virtual time, but for trust.
-- Answers: 0 (another epoch), 1 (not present), 2 (a later call has come first);
-- or 3, the units kept, the units granted, what is stored (nanoseconds), the
-- units that are leased to anybody, and the share in millionths.
--
-- A bucket is a hash: epoch e, virtual time v, level (what is stored, in
-- nanoseconds of refill), over (what was spent beyond the window, under an older
-- rate), interval i, burst b; and /ID, a node's lease: units, end, seq. What is stored and what is leased is never more than the burst's
-- share: only what is spent makes room to refill.

local node, trust, epoch, seq = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local interval, burst = tonumber(ARGV[5]), tonumber(ARGV[6])
local held, back, need, want, term = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local alone = ARGV[12] == '1'

local f = readFleet(KEYS[1])
if not f or f.epoch ~= epoch then return {0} end
local now = advance(f, clock(), trust)
local till = redis.call('HGET', KEYS[1], 'm:' .. node)
local present = till and tonumber(string.match(till, '^%S+')) > now
local admitted = present and string.match(till, ' 0$')
if not admitted and not alone then return {1} end

-- As it was left, by the rate that held then.
local i, window = interval, interval * burst
local level, at, over, out, leases, own = f.full and window or math.min(window, f.v), f.v, 0, 0, {}, nil
local b, all = {}, redis.call('HGETALL', KEYS[2])
for k = 1, #all, 2 do b[all[k]] = all[k + 1] end
if b.e == epoch then
  i, window, level, at, over = tonumber(b.i), tonumber(b.i) * tonumber(b.b), tonumber(b.level), tonumber(b.v), tonumber(b.over)
  for name, text in pairs(b) do
    if string.sub(name, 1, 1) == '/' then
      local units, ends, last = string.match(text, '^(%S+) (%S+) (%S+)$')
      local lease = {name = name, units = tonumber(units), ends = tonumber(ends), seq = tonumber(last)}
      leases[#leases + 1] = lease
      out = out + lease.units
      if name == '/' .. node then own = lease end
    end
  end
elseif #all > 0 then
  redis.call('DEL', KEYS[2])
end
if own and own.seq >= seq then return {2} end

-- refill up to a time, as far as there is room beside what is leased.
local function refill(to)
  local room = math.max(0, math.floor(window * f.share) - out * i)
  local passed, gained = math.max(0, to - at), math.min(room, level + math.max(0, to - at)) - level
  level, at = level + gained, math.max(at, to)
  if level >= window then over = math.max(0, over - passed + math.max(0, gained)) end
end

table.sort(leases, function(x, y) return x.ends < y.ends end)
for _, lease in ipairs(leases) do
  if lease.ends <= f.v then -- it may have been spent to the end: only its room comes back
    refill(lease.ends)
    out = out - lease.units
    if lease == own then own = nil end
    redis.call('HDEL', KEYS[2], lease.name)
  end
end
refill(f.v)

local had = own and own.units or 0
local kept = math.min(held, had)
back = math.min(back, had - kept)
out = out - had + kept
level = level + back * i

-- By the rate that holds now: as many units are spent, at most all. What was
-- spent beyond is remembered, for when the old rate comes back.
if i ~= interval or window ~= interval * burst then
  local spent = math.ceil((window - level + over) / i * interval)
  i, window = interval, interval * burst
  over = math.max(0, spent - window)
  level = window - (spent - over)
end

if alone then
  -- left is what the node's own share of the bucket still holds, borrowed what
  -- that began with of what is stored here. Where the node was still counted as
  -- present, the bucket refilled as if nothing had been taken from it so.
  level = level + tonumber(ARGV[13])
  if present then level = level - tonumber(ARGV[14]) end
  level = math.max(level, -window)
end

local grant = 0
local stored = math.floor(level / interval)
if want > 0 and stored >= need then grant = math.min(want, stored) end
level = level - grant * interval
out = out + grant

if kept + grant > 0 then
  redis.call('HSET', KEYS[2], '/' .. node, whole(kept + grant) .. ' ' .. whole(at + term) .. ' ' .. whole(seq))
elseif own then
  redis.call('HDEL', KEYS[2], '/' .. node)
end
if level >= window and out == 0 and over == 0 then
  redis.call('DEL', KEYS[2]) -- as good as new
else
  redis.call('HSET', KEYS[2], 'e', epoch, 'v', whole(at), 'level', whole(level), 'over', whole(over), 'i', whole(interval), 'b', whole(burst))
  local until_full = math.max(window - level + over, out > 0 and term or 0) / math.max(f.share, 0.05)
  redis.call('PEXPIRE', KEYS[2], whole(until_full / 1e6 * 2 + 60000))
end
return {3, kept, grant, level, out, math.floor(f.share * 1e6)}
