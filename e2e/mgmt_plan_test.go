package e2e

import (
	"net/http"
	"sync"
	"testing"
)

// Fifty ask at once for what ten can have.
func TestMGMT08CreationsAtOnceMakeExactlyAsManyKeysAsThePlanAllows(t *testing.T) {
	t.Parallel()
	const most, asking = 10, 50
	d := setupDesk(t, options{app: "plan free {\n max_keys 10\n}\ndefault_plan free"}, "")
	answers := make(chan response, asking)
	var all sync.WaitGroup
	for range asking {
		all.Go(func() {
			got, err := d.call(http.MethodPost, "/v1/keys", `{"name":"a racer"}`)
			if err != nil {
				t.Error(err)
			}
			answers <- got
		})
	}
	all.Wait()
	close(answers)
	told := map[string]int{}
	for got := range answers {
		if got.status == http.StatusCreated {
			told["made"]++
			continue
		}
		d.wantRefused(got, http.StatusConflict, "plan_limit_reached")
		told[got.code()]++
	}
	if there := len(d.ids("?limit=1000")); there != most || told["made"] != most || told["plan_limit_reached"] != asking-most {
		t.Errorf("there are %d keys, and callers were told %v", there, told)
	}
}
