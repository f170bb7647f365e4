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
	{"DoubtReachesItsNodeAndIsNoChangeOfTheLog", doubtIsHeard},
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

// doubtIsHeard asks for no more than that either the node hears of the doubt
// before it believes anything, or its asking has ended it.
func doubtIsHeard(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	own := f.place(t)
	attend := func() storage.Node {
		t.Helper()
		_, row, err := own.Attend(t.Context(), storage.Beat{Incarnation: "a", Applied: f.head(t), Trust: time.Second})
		must(t, err)
		return row
	}
	before := f.register(t, "a", time.Second)
	wantEqual(t, "doubted at first", attend().Doubted, false)
	f.store.OnCommit(func([]storage.Change) { t.Error("a doubt was announced as a change") })
	must(t, f.doubt(t, "a", nodesOf(t, f.store)[0].Beats))
	wantEqual(t, "doubted, as others see it", nodesOf(t, f.store)[0].Doubted, true)
	wantEqual(t, "head", f.head(t), before)
	heard := attend().Doubted
	if stands := !nodesOf(t, f.store)[0].Doubted; heard == stands {
		t.Errorf("the node hears of the doubt: %v; its asking ended it: %v", heard, stands)
	}
	f.beat(t, "a", f.head(t))
	wantEqual(t, "doubted once it has beaten", attend().Doubted, false)
	wantEqual(t, "doubted then, as others see it", nodesOf(t, f.store)[0].Doubted, false)
}

func doubtComesLate(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	f.beat(t, "a", f.head(t))
	wantErr(t, "an old number of beats", f.doubt(t, "a", 1), storage.ErrNotFound)
	wantErr(t, "nobody", f.doubt(t, "b", 1), storage.ErrNotFound)
	must(t, f.doubt(t, "a", 2))
	wantErr(t, "again", f.doubt(t, "a", 2), storage.ErrNotFound)
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
