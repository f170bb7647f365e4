package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var doubtGuarantees = []guarantee{
	{"DoubtIsAChangeThatNamesTheNode", doubtIsLogged},
	{"NodeThatHasBeatenIsNotDoubted", doubtComesLate},
	{"OnlyADoubtedNodeThatStaysSilentIsDropped", dropOnlySilent},
	{"FailedUpdateDoubtsNobody", doubtUndone},
	{"LastChangeIsTheNewestThatNamesTheSubject", lastChange},
}

func (f *fixture) doubt(t *testing.T, incarnation string, beats int64) error {
	t.Helper()
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.DoubtNode(t.Context(), incarnation, beats) })
	return err
}

func (f *fixture) drop(t *testing.T, incarnation string, beats int64) error {
	t.Helper()
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.DropNode(t.Context(), incarnation, beats) })
	return err
}

func doubtIsLogged(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.register(t, "a", time.Second)
	var announced []storage.Change
	f.store.OnCommit(func(changes []storage.Change) { announced = changes })
	must(t, f.doubt(t, "a", 1))
	logged := f.changes(t, before, 10)
	if len(logged) != 1 || logged[0].Subject != storage.SubjectNode || logged[0].Name != "a" || logged[0].Revision != 2 {
		t.Fatalf("got changes %+v, want the one of a", logged)
	}
	wantEqual(t, "announced", announced, logged)
	want := storage.Node{Incarnation: "a", Name: "node a", Applied: 1, Trust: time.Second, Beats: 1, Doubted: true}
	wantEqual(t, "nodes", nodesOf(t, f.place(t)), []storage.Node{want})

	f.beat(t, "a", f.head(t))
	want.Doubted, want.Beats, want.Applied = false, 2, 2
	wantEqual(t, "nodes once it has beaten", nodesOf(t, f.store), []storage.Node{want})
}

func doubtComesLate(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	f.beat(t, "a", f.head(t))
	wantErr(t, "an old number of beats", f.doubt(t, "a", 1), storage.ErrNotFound)
	wantErr(t, "nobody", f.doubt(t, "b", 1), storage.ErrNotFound)
	must(t, f.doubt(t, "a", 2))
	before := f.head(t)
	wantErr(t, "again", f.doubt(t, "a", 2), storage.ErrNotFound)
	wantEqual(t, "head", f.head(t), before)
}

func dropOnlySilent(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	wantErr(t, "not doubted", f.drop(t, "a", 1), storage.ErrNotFound)
	must(t, f.doubt(t, "a", 1))
	f.beat(t, "a", f.head(t))
	wantErr(t, "it has beaten", f.drop(t, "a", 1), storage.ErrNotFound)
	wantErr(t, "it has beaten, and is not doubted", f.drop(t, "a", 2), storage.ErrNotFound)
	must(t, f.doubt(t, "a", 2))
	wantErr(t, "an old number of beats", f.drop(t, "a", 1), storage.ErrNotFound)
	wantEqual(t, "nodes", len(nodesOf(t, f.store)), 1)
	before := f.head(t)
	must(t, f.drop(t, "a", 2))
	wantEqual(t, "nodes once it is dropped", len(nodesOf(t, f.store)), 0)
	wantEqual(t, "head", f.head(t), before)
	wantErr(t, "again", f.drop(t, "a", 2), storage.ErrNotFound)
	_, err := f.store.Beat(t.Context(), storage.Beat{Incarnation: "a", Trust: time.Second})
	wantErr(t, "beat", err, storage.ErrNotFound)
}

func doubtUndone(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	before := nodesOf(t, f.store)
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		return errors.Join(tx.DoubtNode(t.Context(), "a", 1), errOurs)
	})
	wantErr(t, "update", err, errOurs)
	wantEqual(t, "nodes", nodesOf(t, f.store), before)
}

func lastChange(t *testing.T, f *fixture) {
	last := func(subject storage.Subject, name string) storage.Revision {
		t.Helper()
		return read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.Revision, error) {
			return r.LastChange(ctx, subject, name)
		})
	}
	wantEqual(t, "an empty log", last(storage.SubjectKey, "key_a"), 0)
	f.insert(t, newKey("key_a"))
	f.insert(t, newKey("key_b"))
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		return tx.UpdateKey(ctx, newKey("key_a", func(k *keys.Key) { k.Status = keys.Revoked }))
	})
	f.insert(t, newKey("key_c"))
	wantEqual(t, "changed twice", last(storage.SubjectKey, "key_a"), 3)
	wantEqual(t, "changed once", last(storage.SubjectKey, "key_b"), 2)
	wantEqual(t, "not in the log: the head", last(storage.SubjectKey, "key_nobody"), 4)
	wantEqual(t, "another subject: the head", last(storage.SubjectToken, "key_b"), 4)
}
