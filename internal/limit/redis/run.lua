-- A connection was made. KEYS: the fleet, the server's run. ARGV: the run's ID;
-- for how many seconds it has run; 1 where it writes down each change (AOF).
-- A server that started after what it holds was written has read that from disk,
-- and may lack what came after: a new epoch is due. A replica that was promoted
-- has run before.

local was = redis.call('GET', KEYS[2])
local t = redis.call('HGET', KEYS[1], 't')
if was and was ~= ARGV[1] and ARGV[3] ~= '1' and t and clock() - ARGV[2] * 1e6 > tonumber(t) then
  redis.call('DEL', KEYS[1])
end
if was ~= ARGV[1] then redis.call('SET', KEYS[2], ARGV[1]) end
return 1
