-- A connection was made. KEYS: the fleet, the server's run. ARGV: the run's ID.
-- A server that was started since, or took the place of another one, may lack
-- what was written last: a new epoch is due.

local was = redis.call('GET', KEYS[2])
if was == ARGV[1] then return 0 end
if was then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[2], ARGV[1])
return 1
