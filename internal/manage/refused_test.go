package manage_test

import (
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

// What was sent as a workspace's name may be a secret in the wrong place.
func TestARefusalNamesOnlyWorkspacesThatThereAre(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.workspace(t, "rivals", "")
	for named, target := range map[string]string{
		"rivals": "rivals", "nobodys": "", "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco": "", "a b": "", "\xff": "",
	} {
		token := f.standing(t, manage.Actor{Kind: manage.ActorToken, Workspace: "default"})
		if _, err := f.ListKeys(t.Context(), manage.Call{Actor: token, Workspace: named}, manage.KeyQuery{}); err == nil {
			t.Errorf("%q lets it in", named)
		}
		if last := f.audit(t, "default")[0]; last.Action != "key.list.refused" || last.Target != target {
			t.Errorf("%q: the trail has %+v", named, last)
		}
	}
}
