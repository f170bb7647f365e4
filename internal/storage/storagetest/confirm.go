package storagetest

import (
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var confirmGuarantees = []guarantee{
	{"ConfirmFollowsEveryCommit", confirmFollows},
	{"AnotherHandleSeesAChangeAtItsNextConfirm", confirmElsewhere},
	{"ConfirmMayBeCalledConcurrently", confirmAtOnce},
	{"PollIntervalIsShort", pollInterval},
}

func confirmFollows(t *testing.T, f *fixture) {
	for i := range 20 {
		revision := f.insert(t, newKey(keys.ID(fmt.Sprintf("key_%d", i))))
		head := f.head(t)
		wantEqual(t, "head", head.Revision, revision)
		wantEqual(t, "head again", f.head(t), head)
	}
}

func confirmElsewhere(t *testing.T, f *fixture) {
	other := f.place(t)
	at, err := other.Confirm(t.Context())
	must(t, err)
	for i := range 20 {
		name := fmt.Sprintf("key_%d", i)
		f.insert(t, newKey(keys.ID(name)))
		head, err := other.Confirm(t.Context())
		must(t, err)
		wantEqual(t, "head", head, f.head(t))
		changes, err := other.Changes(t.Context(), at, 10)
		must(t, err)
		if len(changes) != 1 || changes[0].Name != name || changes[0].Position != head {
			t.Errorf("got changes %+v, want the one of %s", changes, name)
		}
		at = head
	}
}

func confirmAtOnce(t *testing.T, f *fixture) {
	atOnce(8, func(i int) {
		if i == 0 {
			for n := range 20 {
				if _, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
					return tx.InsertKey(t.Context(), newKey(keys.ID(fmt.Sprintf("key_%d", n))))
				}); err != nil {
					t.Error(err)
				}
			}
			return
		}
		var last storage.Revision
		for range 50 {
			head, err := f.store.Confirm(t.Context())
			if err != nil || head.Revision < last {
				t.Errorf("got head %v after revision %d (%v)", head, last, err)
			}
			last = head.Revision
		}
	})
	wantEqual(t, "head", f.head(t).Revision, 20)
}

// pollInterval leaves room for a change to be in force within 500 ms.
func pollInterval(t *testing.T, f *fixture) {
	if every := f.store.PollInterval(); every <= 0 || every.Milliseconds() > 500 {
		t.Errorf("got a poll interval of %v", every)
	}
}
