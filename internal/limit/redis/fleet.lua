-- What both scripts begin with: the time, and the fleet.
--
-- The fleet is one hash. Buckets refill by its virtual time v (nanoseconds),
-- which runs as fast as the share of the nodes that are present: a node that is
-- cut off refills its own share, and nobody else may refill it, too.
--   epoch  a random name, made anew where Redis has lost everything
--   full   1 where buckets nobody has used begin full; else as if they had been
--          empty when the epoch began
--   v, t   the virtual time, as of t (microseconds of this server's clock)
--   share  how fast v runs, until ends, when the next node may lapse
--   m:ID   a node: until when it is present, of how many it knows, and since when
--          it waits to be heard of by the others (0: it doesn't)

local BACK = 5e6   -- by how much a clock that lags was set back, and is believed
local KEEP = 60e6  -- for how long a node that has lapsed is remembered

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1e6 + time[2]
end

local function whole(x) return string.format('%.0f', x) end
local function exact(x) return string.format('%.3f', x) end

local function readFleet(key)
  local h = redis.call('HMGET', key, 'epoch', 'full', 'v', 't', 'share', 'ends')
  if not h[1] then return nil end
  return {key = key, epoch = h[1], full = h[2] == '1', v = tonumber(h[3]), t = tonumber(h[4]), share = tonumber(h[5]), ends = tonumber(h[6])}
end

-- count settles how many nodes are present, of how many.
local function count(f, now, trust)
  local all = redis.call('HGETALL', f.key)
  f.present, f.nodes, f.ends = 0, 0, now + trust
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'm:' then
      local till, nodes = string.match(all[i + 1], '^(%S+) (%d+)')
      till = math.min(tonumber(till), now + trust) -- later only where the clock was set back
      if till > now then
        f.present, f.nodes, f.ends = f.present + 1, math.max(f.nodes, tonumber(nodes)), math.min(f.ends, till)
      elseif till < now - KEEP then
        redis.call('HDEL', f.key, all[i])
      end
    end
  end
  f.nodes = math.max(f.nodes, f.present)
  f.share = 0
  if f.present > 0 then f.share = f.present / f.nodes end
end

-- newcomer is since when a node waits to be heard of by all others that are
-- present: each has to know of as many, or to have had an answer since.
local function newcomer(f, node, nodes, now, trust)
  local own, since = redis.call('HGET', f.key, 'm:' .. node), exact(now)
  if own then
    local till, _, waits = string.match(own, '^(%S+) (%d+) (%S+)$')
    if till and tonumber(till) > now then since = waits end
  end
  if since == '0' then return since end
  local all = redis.call('HGETALL', f.key)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'm:' and all[i] ~= 'm:' .. node then
      local till, knows = string.match(all[i + 1], '^(%S+) (%d+)')
      till = tonumber(till)
      if till > now and tonumber(knows) < nodes and till - trust < tonumber(since) then return since end
    end
  end
  return '0'
end

local function run(f, to, share)
  if to > f.t then
    f.v = f.v + math.floor((to - f.t) * 1000 * share + 0.001)
    f.t = to
  end
end

local function writeFleet(f)
  redis.call('HSET', f.key, 'epoch', f.epoch, 'full', f.full and '1' or '0', 'v', whole(f.v), 't', exact(f.t), 'share', string.format('%.17g', f.share), 'ends', exact(f.ends))
end

-- advance brings the virtual time up to now. While nobody is present it stands
-- still, and t with it.
local function advance(f, now, trust)
  if now < f.t then
    if f.t - now <= BACK then
      now = f.t
    else
      f.t, f.ends = now, now
    end
  end
  local was = f.share
  run(f, math.min(now, f.ends), was)
  if now >= f.ends then
    count(f, now, trust)
    if f.present > 0 then run(f, now, math.min(was, f.share)) end
    writeFleet(f)
  end
  return now
end
