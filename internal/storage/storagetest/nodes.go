package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var nodeGuarantees = []guarantee{
	{"RegisteredNodeHasAppliedTheHead", registeredNode},
	{"IncarnationIsRegisteredOnce", incarnationOnce},
	{"BeatSaysHowFarANodeIs", beatSays},
	{"BeatOfANodeThatIsNotThereWritesNothing", beatOfNobody},
	{"BeatFromAnotherLogIsAGapAndWritesNothing", beatFromElsewhere},
	{"PositionWithinARevisionCountsForTheOneBefore", beatWithinARevision},
	{"AttendingShowsHeadAndRowAsTheyAreNow", attendFollows},
	{"NodesAreNoChangesOfTheLog", nodesAreNoChanges},
	{"NodesBeatAtOnce", nodesAtOnce},
	{"UnregisteringTwiceIsNoError", unregisterTwice},
}

// register enters a node and returns the head that it starts from.
func (f *fixture) register(t *testing.T, incarnation string, trust time.Duration) storage.Position {
	t.Helper()
	head, err := f.store.Register(t.Context(), storage.Node{Incarnation: incarnation, Name: "node " + incarnation, Trust: trust})
	must(t, err)
	return head
}

// beat has a node say how far it is.
func (f *fixture) beat(t *testing.T, incarnation string, applied storage.Position) storage.Position {
	t.Helper()
	head, err := f.store.Beat(t.Context(), storage.Beat{Incarnation: incarnation, Applied: applied, Trust: time.Second})
	must(t, err)
	return head
}

func nodesOf(t *testing.T, s storage.Store) []storage.Node {
	t.Helper()
	return read(t, s, func(ctx context.Context, r storage.Reader) ([]storage.Node, error) { return r.Nodes(ctx) })
}

func registeredNode(t *testing.T, f *fixture) {
	wantEqual(t, "nodes at first", len(nodesOf(t, f.store)), 0)
	f.insert(t, newKey("key_a"))
	wantEqual(t, "head", f.register(t, "b", 10*time.Second), f.head(t))
	// A trust must not be taken for a shorter one.
	f.register(t, "a", time.Second+time.Nanosecond)
	want := []storage.Node{
		{Incarnation: "a", Name: "node a", Applied: 1, Trust: time.Second + time.Microsecond, Beats: 1},
		{Incarnation: "b", Name: "node b", Applied: 1, Trust: 10 * time.Second, Beats: 1},
	}
	wantEqual(t, "nodes", nodesOf(t, f.store), want)
	wantEqual(t, "nodes elsewhere", nodesOf(t, f.place(t)), want)
}

func incarnationOnce(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	before := nodesOf(t, f.store)
	_, err := f.place(t).Register(t.Context(), storage.Node{Incarnation: "a", Name: "another", Trust: time.Hour})
	wantErr(t, "again", err, storage.ErrExists)
	wantEqual(t, "nodes", nodesOf(t, f.store), before)
}

func beatSays(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	first := f.beat(t, "a", storage.Position{})
	wantEqual(t, "head of an empty log", first, storage.Position{})
	f.insert(t, newKey("key_a"))
	at := f.head(t)
	f.insert(t, newKey("key_b"))
	head, err := f.place(t).Beat(t.Context(), storage.Beat{Incarnation: "a", Applied: at, Trust: time.Minute})
	must(t, err)
	wantEqual(t, "head", head, f.head(t))
	wantEqual(t, "nodes", nodesOf(t, f.store), []storage.Node{
		{Incarnation: "a", Name: "node a", Applied: 1, Trust: time.Minute, Beats: 3},
	})
	f.beat(t, "a", head)
	wantEqual(t, "nodes, with the head applied", nodesOf(t, f.store), []storage.Node{
		{Incarnation: "a", Name: "node a", Applied: 2, Trust: time.Second, Beats: 4},
	})
}

func beatOfNobody(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	f.register(t, "b", time.Second)
	must(t, f.store.Unregister(t.Context(), "b"))
	before := nodesOf(t, f.store)
	for _, nobody := range []string{"b", "never there", ""} {
		_, err := f.store.Beat(t.Context(), storage.Beat{Incarnation: nobody, Trust: time.Second})
		wantErr(t, nobody, err, storage.ErrNotFound)
	}
	wantEqual(t, "nodes", nodesOf(t, f.store), before)
}

func beatFromElsewhere(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	f.register(t, "a", time.Second)
	before, head := nodesOf(t, f.store), f.head(t)
	for what, at := range map[string]storage.Position{
		"another ID":      {Revision: head.Revision, ID: "of another log"},
		"beyond the head": {Revision: head.Revision + 1, ID: head.ID},
	} {
		_, err := f.store.Beat(t.Context(), storage.Beat{Incarnation: "a", Applied: at, Trust: time.Second})
		wantErr(t, what, err, storage.ErrGap)
	}
	wantEqual(t, "nodes", nodesOf(t, f.store), before)
}

func beatWithinARevision(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	f.insert(t, newKey("key_a"))
	f.insert(t, newKey("key_b"), newKey("key_c"), newKey("key_d"))
	f.insert(t, newKey("key_e"))
	for i, want := range []storage.Revision{1, 1, 1, 2, 3} {
		f.beat(t, "a", f.changes(t, storage.Position{}, 10)[i].Position)
		wantEqual(t, fmt.Sprintf("applied after change %d", i+1), nodesOf(t, f.store)[0].Applied, want)
	}
}

func attendFollows(t *testing.T, f *fixture) {
	own := f.place(t)
	attend := func() (storage.Position, storage.Node, error) {
		return own.Attend(t.Context(), storage.Beat{Incarnation: "a", Applied: f.head(t), Trust: time.Second})
	}
	_, _, err := attend()
	wantErr(t, "before it is registered", err, storage.ErrNotFound)
	for i := range 5 {
		f.register(t, "a", time.Second)
		f.insert(t, newKey(keys.ID(fmt.Sprintf("key_%d", i))))
		f.beat(t, "a", f.head(t))
		head, row, err := attend()
		must(t, err)
		wantEqual(t, "head", head, f.head(t))
		wantEqual(t, "row", row, nodesOf(t, f.store)[0])
		again, _, err := attend()
		must(t, err)
		wantEqual(t, "head again", again, head)
		must(t, f.store.Unregister(t.Context(), "a"))
		_, _, err = attend()
		wantErr(t, "once it is removed", err, storage.ErrNotFound)
	}
}

func nodesAreNoChanges(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	f.store.OnCommit(func([]storage.Change) { t.Error("a node was announced as a change") })
	f.register(t, "a", time.Second)
	f.beat(t, "a", before)
	must(t, f.store.Unregister(t.Context(), "a"))
	wantEqual(t, "head", f.head(t), before)
}

func nodesAtOnce(t *testing.T, f *fixture) {
	const nodes, beats = 6, 10
	var stores [nodes]storage.Store
	for i := range stores {
		stores[i] = f.place(t)
	}
	atOnce(nodes, func(i int) {
		name, s := fmt.Sprint(i), stores[i]
		_, err := s.Register(t.Context(), storage.Node{Incarnation: name, Name: name, Trust: time.Second})
		for range beats {
			_, failed := s.Beat(t.Context(), storage.Beat{Incarnation: name, Trust: time.Second})
			err = errors.Join(err, failed)
		}
		if err != nil {
			t.Error(err)
		}
	})
	all := nodesOf(t, f.store)
	wantEqual(t, "nodes", len(all), nodes)
	for _, n := range all {
		wantEqual(t, "beats of "+n.Name, n.Beats, 1+beats)
	}
}

func unregisterTwice(t *testing.T, f *fixture) {
	f.register(t, "a", time.Second)
	f.register(t, "b", time.Second)
	for range 2 {
		must(t, f.store.Unregister(t.Context(), "a"))
	}
	all := nodesOf(t, f.store)
	if len(all) != 1 || all[0].Incarnation != "b" {
		t.Errorf("got nodes %+v, want b alone", all)
	}
}
