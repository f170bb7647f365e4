package keycache_test

import "testing"

// A new loader finds what the one before didn't.
func TestWhatTheLoaderBeforeFoundIsForgotten(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.want("known", f.get(secret), "active")
		f.want("unknown", f.get("new"), "nobody's")
		f.shelf.put("new", "found now")
		f.shelf.put(secret, "found otherwise")
		f.Renew()
		f.want("unknown before", f.get("new"), "found now")
		f.want("known before", f.get(secret), "found otherwise")
		reads := f.shelf.count()
		f.want("again", f.get("new"), "found now")
		f.wantReads(reads) // memory is believed as before
	})
}

func TestRACE01ReadOfTheLoaderBeforeIsNeitherUsedNorRemembered(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		held := f.hold()
		waiter := f.start("new")
		pending := <-held // has been told that it is nobody's
		f.holdNoMore()
		f.shelf.put("new", "found now")
		f.Renew()
		close(pending.goOn)
		f.want("the request that waited", <-waiter, "found now")
		f.want("the next one", f.get("new"), "found now")
	})
}

func TestRACE02FencesOutliveTheLoader(t *testing.T) {
	t.Parallel()
	bubble(t, func(f *fixture) {
		f.fence(secret)
		f.Renew()
		f.want("before the commit", f.get(secret), "active") // as of before the fence
		f.shelf.commit(secret, "revoked")
		f.want("after the commit", f.get(secret), "revoked")
	})
}
