package keycache

// Size is how many known keys are in memory, and how many had to make room for
// others since the cache was made.
func (c *Cache[V]) Size() (entries, evicted int64) {
	return c.known.sets.Load().count.Load(), c.known.evicted.Load()
}
