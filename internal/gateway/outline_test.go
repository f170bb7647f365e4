package gateway_test

import (
	"testing"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
)

// accepting has a gate take secrets that are words, as some were made elsewhere.
func accepting(prefix string) option {
	return func(c *gateway.Config) {
		format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"},
			[]keys.Prefix{{Text: prefix, Environment: keys.Live, Unchecked: true}})
		if err != nil {
			panic(err)
		}
		c.Format = format
	}
}

func TestNoSecretStandsInWhatIsKnownOfARefusal(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/v1/items"}}, named, accepting("sk-"))
	any := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/v1/items"}}, named, accepting(""))
	for _, one := range []struct {
		name, path, secret string
		gate               *fixture
		want               string
	}{
		{"presented, and in the path", "/v1/sk-quiet-otter-morning", "sk-quiet-otter-morning", f, "/{}"},
		{"presented, and in the middle of a segment", "/v1/to-sk-quiet-otter/x", "sk-quiet-otter", f, "/{}"},
		{"presented, and over two segments", "/v1/sk-quiet/otter", "sk-quiet/otter", f, "/{}"},
		{"presented, without a prefix", "/v1/quiet-otter", "quiet-otter", any, "/{}"},
		{"not presented", "/v1/sk-quiet-otter/x", "", f, "/v1/{}/x"},
		{"another one", "/v1/sk-quiet-otter", "sk-early-heron", f, "/v1/{}"},
		{"behind another word", "/v1/for.sk-quiet-otter", "", f, "/v1/{}"},
		{"a word that only contains a prefix", "/v1/task-list", "", f, "/v1/task-list"},
	} {
		one.gate.refused(one.name, one.path, one.secret, nil)
		if got := one.gate.denial(one.name); got.Path != one.want {
			t.Errorf("%s: of %s with %q, known is %q, want %q", one.name, one.path, one.secret, got.Path, one.want)
		}
	}
}

func TestNoSecretStandsInWhatIsKnownOfUnlistedCalls(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{{Methods: []string{"GET"}, Pattern: "/v1/items"}}, accepting("sk-"))
	f.gate.StandAt(":443")
	_, secret := f.key(nil)
	f.ask("GET", "/v2/sk-quiet-otter", secret)
	if got := f.unlisted(); len(got) != 1 || got[":443 GET /v2/{} route_not_allowed"] != 1 {
		t.Errorf("known: %v", got)
	}
}
