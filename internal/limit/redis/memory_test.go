package redis_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
)

func TestMemoryOfASubjectIsBoundedAndComesBack(t *testing.T) {
	l := join(t, redis.Config{Name: fleet()}, 1) // it measures the whole heap: not parallel
	const subjects = 5000
	limits := []*limit.Limit{{Name: "live", Rate: limit.Rate{N: 100, Per: time.Second, Burst: 100}}}
	before := heap()
	for i := range subjects {
		leaseFirst(t, limittest.Subject(l, fmt.Sprint("key_", i)), limits)
	}
	each := (heap() - before) / subjects
	t.Logf("%d bytes for each subject with a lease on one bucket", each)
	if each > 2048 {
		t.Errorf("%d bytes for each subject", each)
	}
	for late := time.Now().Add(20 * time.Second); l.Len() > 0; l.Sweep(time.Now()) {
		if time.Now().After(late) {
			t.Fatalf("%d subjects are still in memory", l.Len())
		}
		runtime.Gosched()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
