package storagetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var changeGuarantees = []guarantee{
	{"ChangesNameWhatChangedAndEveryDigest", changesName},
	{"ChangesCanBeFollowedInPartsOfAnySize", changesInParts},
	{"PositionOfAnotherLogIsAGap", foreignPosition},
	{"EmptyLogHasNoChanges", emptyLog},
}

func changesName(t *testing.T, f *fixture) {
	token := &keys.Token{ID: "tok_a", Digest: digestOf("tok_a"), CreatedAt: noon}
	moved := newKey("key_a", func(k *keys.Key) { k.Digest = digestOf("moved") })
	f.insert(t, newKey("key_a"))
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.UpdateKey(ctx, moved) })
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		must(t, tx.InsertWorkspace(ctx, storage.Workspace{Name: "acme", CreatedAt: noon}))
		must(t, tx.InsertProject(ctx, storage.Project{Name: "p1", Workspace: "acme", CreatedAt: noon}))
		return tx.InsertToken(ctx, token)
	})
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteToken(ctx, "", "tok_a") })

	want := []storage.Change{
		{Position: storage.Position{Revision: 1}, Subject: storage.SubjectKey, Name: "key_a", Digests: []keys.Digest{digestOf("key_a")}},
		{Position: storage.Position{Revision: 2}, Subject: storage.SubjectKey, Name: "key_a", Digests: []keys.Digest{digestOf("moved"), digestOf("key_a")}},
		{Position: storage.Position{Revision: 3}, Subject: storage.SubjectWorkspace, Name: "acme"},
		{Position: storage.Position{Revision: 3}, Subject: storage.SubjectProject, Name: "p1"},
		{Position: storage.Position{Revision: 3}, Subject: storage.SubjectToken, Name: "tok_a", Digests: []keys.Digest{token.Digest}},
		{Position: storage.Position{Revision: 4}, Subject: storage.SubjectToken, Name: "tok_a", Digests: []keys.Digest{token.Digest}},
	}
	got := f.changes(t, storage.Position{}, 100)
	seen := make(map[string]bool)
	for i := range got {
		if got[i].ID == "" || seen[got[i].ID] {
			t.Errorf("change %d has the ID %q: none, or one that another has", i, got[i].ID)
		}
		seen[got[i].ID] = true
		got[i].ID = ""
	}
	wantEqual(t, "changes", got, want)
}

// changesInParts follows a log whose revisions have several changes each.
func changesInParts(t *testing.T, f *fixture) {
	for i := range 4 {
		f.insert(t, newKey(keys.ID(fmt.Sprintf("key_%d_a", i))), newKey(keys.ID(fmt.Sprintf("key_%d_b", i))), newKey(keys.ID(fmt.Sprintf("key_%d_c", i))))
	}
	all := f.changes(t, storage.Position{}, 100)
	wantEqual(t, "changes in all", len(all), 12)
	wantEqual(t, "the last one is the head", all[len(all)-1].Position, f.head(t))
	for limit := 1; limit <= len(all)+1; limit++ {
		var followed []storage.Change
		var at storage.Position
		for {
			part := f.changes(t, at, limit)
			if len(part) == 0 {
				break
			}
			if len(part) > limit {
				t.Fatalf("got %d changes, asked for %d", len(part), limit)
			}
			followed = append(followed, part...)
			at = part[len(part)-1].Position
		}
		wantEqual(t, fmt.Sprintf("parts of %d", limit), followed, all)
	}
	wantEqual(t, "none asked for", len(f.changes(t, storage.Position{}, 0)), 0)
}

func foreignPosition(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	f.insert(t, newKey("key_b"))
	head := f.head(t)
	for what, at := range map[string]storage.Position{
		"another ID":        {Revision: head.Revision, ID: "of another log"},
		"no ID":             {Revision: head.Revision},
		"no revision":       {ID: head.ID},
		"another revision":  {Revision: head.Revision - 1, ID: head.ID},
		"beyond the head":   {Revision: head.Revision + 1, ID: head.ID},
		"negative revision": {Revision: -1, ID: head.ID},
	} {
		_, err := f.store.Changes(t.Context(), at, 10)
		wantErr(t, what, err, storage.ErrGap)
	}
	wantEqual(t, "after the head", len(f.changes(t, head, 10)), 0)
}

func emptyLog(t *testing.T, f *fixture) {
	wantEqual(t, "head", f.head(t), storage.Position{})
	wantEqual(t, "changes", len(f.changes(t, storage.Position{}, 10)), 0)
	_, err := f.store.Changes(t.Context(), storage.Position{Revision: 1, ID: "of another log"}, 10)
	wantErr(t, "a position", err, storage.ErrGap)
}
