package gateway_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/storage"
)

// denial is what is known of a request by its ID; the zero Denial where nothing is.
func (f *fixture) denial(id string) (found storage.Denial) {
	f.t.Helper()
	must(f.t, f.engine.Flush(f.t.Context()))
	must(f.t, f.store.View(f.t.Context(), func(r storage.Reader) (err error) {
		if found, err = r.Denial(f.t.Context(), id); errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	}))
	return found
}

// named has a gate tell the request's header X-Request as its ID.
func named(c *gateway.Config) {
	c.RequestID = func(r *http.Request) string { return r.Header.Get("X-Request") }
}

// refused asks as a client does that is told an ID.
func (f *fixture) refused(id, path, secret string, as func(*gateway.Call)) {
	f.t.Helper()
	q := question{method: "GET", path: path, key: -1}
	if secret != "" {
		q.credential = "Bearer " + secret
	}
	c := q.call(nil)
	c.Request.Header.Set("X-Request", id)
	c.Asking = c.Request
	if as != nil {
		as(c)
	}
	f.gate.Decide(c)
}

func TestARefusalIsKnownByTheIDThatItsCallerWasTold(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/v1/{project}/sums", Project: "{project}", Scopes: []string{"read"}},
		{Methods: []string{"GET"}, Pattern: "/open", Public: true},
	}, named)
	f.gate.StandAt(":443")
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		return tx.InsertProject(t.Context(), storage.Project{Name: "p1", Workspace: storage.DefaultWorkspace, CreatedAt: f.start})
	})
	must(t, err)
	id, secret := f.key(func(k *keys.Key) { k.Project = "p2"; k.Scopes = []string{"read"} })
	good, goodSecret := f.key(func(k *keys.Key) { k.Scopes = []string{"read"} })
	unknown := f.format.Mint("live").Reveal()

	f.refused("r1", "/v1/p1/sums?key="+secret, secret, nil)
	f.refused("r2", "/v1/47110-x/sums", secret, nil)
	f.refused("r3", "/v1/p1/"+unknown, "", nil)
	f.refused("r4", "/v1/p1/sums", unknown, nil)
	f.refused("r5", "/v2", secret, nil)
	f.refused("allowed", "/v1/p1/sums", goodSecret, nil)
	f.refused("public", "/open", "", nil)
	f.refused("nobody is told", "/v2", secret, func(c *gateway.Call) { c.Asking = nil })

	at := f.now().UTC()
	of := func(requestID string, id keys.ID, endpoint, path, project, code string) storage.Denial {
		return storage.Denial{RequestID: requestID, KeyID: id, At: at, Gate: ":443", Method: "GET", Endpoint: endpoint, Path: path, Project: project, Code: code}
	}
	const sums = "GET /v1/{project}/sums"
	for _, want := range []storage.Denial{
		of("r1", id, sums, "/v1/p1/sums", "p1", "project_mismatch"), of("r2", id, sums, "/v1/{}/sums", "(other)", "project_mismatch"),
		of("r3", "", "default", "/v1/p1/{}", "", "missing_key"), of("r4", "", sums, "/v1/p1/sums", "", "unknown_key"), of("r5", id, "default", "/v2", "", "route_not_allowed"),
	} {
		got := f.denial(want.RequestID)
		got.At = at // which the store keeps to the microsecond
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.RequestID, diff)
		}
	}
	for _, requestID := range []string{"allowed", "public", "nobody is told", ""} {
		if got := f.denial(requestID); got != (storage.Denial{}) {
			t.Errorf("%q: %+v", requestID, got)
		}
	}
	if calls, _ := f.usage(good); calls != 0 {
		t.Errorf("%d calls", calls)
	}
}

func TestAGateThatOnlyObservesRefusesNobody(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/x"}}, named, func(c *gateway.Config) { c.Observe = true })
	f.refused("r1", "/x", "", nil)
	if got := f.denial("r1"); got != (storage.Denial{}) {
		t.Errorf("%+v", got)
	}
}
