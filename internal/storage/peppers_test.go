package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func hasherOf(peppers ...string) keys.Hasher {
	var all []keys.Secret
	for _, p := range peppers {
		all = append(all, keys.NewSecret(p))
	}
	return keys.NewHasher(all)
}

// make stores a key as a process with these peppers makes it.
func (c *counting) make(t *testing.T, own keys.Hasher) *keys.Key {
	t.Helper()
	key := &keys.Key{
		ID: keys.NewID(), Name: "a key", Status: keys.Active, Environment: keys.Live, Workspace: storage.DefaultWorkspace, CreatedAt: time.Unix(0, 0),
	}
	key.Digest, key.Pepper = own.New(keys.NewSecret(string(key.ID)))
	_, err := c.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertKey(t.Context(), key) })
	must(t, err)
	return key
}

func TestStoreIsRefusedUnderPeppersThatCanNotFindItsKeys(t *testing.T) {
	t.Parallel()
	s, now := setup(t), time.Unix(1, 0)
	wantTaken := func(taken bool, peppers ...string) {
		t.Helper()
		_, err := storage.CheckPeppers(t.Context(), s, hasherOf(peppers...), nil, now)
		if unknown, refused := errors.AsType[*storage.UnknownPepperError](err); refused == taken || err != nil && unknown.Count != 1 {
			t.Errorf("with peppers %q: %v", peppers, err)
		}
		if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "salt")) {
			t.Errorf("it says %q", err)
		}
	}
	wantTaken(true)
	wantTaken(true, "salt of a fresh store")
	s.make(t, hasherOf())
	wantTaken(true)
	wantTaken(true, "salt of a store without any")

	old := s.make(t, hasherOf("old salt"))
	for _, peppers := range [][]string{{}, {"other salt"}, {"old salT"}} {
		wantTaken(false, peppers...)
	}
	wantTaken(true, "old salt")
	wantTaken(true, "new salt", "old salt")

	s.make(t, hasherOf("new salt", "old salt"))
	wantTaken(true, "old salt", "new salt")
	wantTaken(true, "new salt") // dropped: its keys are unknown, the others are found
	dropped, err := storage.CheckPeppers(t.Context(), s, hasherOf("new salt"), nil, now)
	if err != nil || dropped == nil || dropped.Pepper != old.Pepper {
		t.Errorf("the dropped pepper is told as %v, %v", dropped, err)
	}
	wantTaken(false, "other salt")
	old.Status = keys.Revoked
	_, err = s.Update(t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(t.Context(), old) })
	must(t, err)
	wantTaken(true, "new salt")
	wantTaken(false, "old salt")
}

func TestLostPepperIsGivenUpByItsID(t *testing.T) {
	t.Parallel()
	s := setup(t)
	key := s.make(t, hasherOf("lost"))
	check := func(lost ...keys.PepperID) error {
		_, err := storage.CheckPeppers(t.Context(), s, hasherOf("new"), lost, time.Unix(1, 0))
		return err
	}
	err := check()
	unknown, refused := errors.AsType[*storage.UnknownPepperError](err)
	if !refused || unknown.Pepper != key.Pepper || !strings.Contains(err.Error(), string(key.Pepper)) {
		t.Fatalf("got %v, want an error that names %s", err, key.Pepper)
	}
	must(t, check(unknown.Pepper))
	s.make(t, hasherOf("lost, too"))
	if err := check(unknown.Pepper); err == nil {
		t.Error("another pepper was given up with it")
	}
}

func TestPepperOfASchemeThatTheStoreHoldsIsNotMissed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.make(t, hasherOf(fmt.Sprint("system ", 1)))
	s.insertScheme(t, scheme(1))
	_, err := storage.CheckPeppers(t.Context(), s, hasherOf(), nil, time.Unix(1, 0))
	must(t, err)
}
