package postgres

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func TestWhatChangedIsToldWithTheNews(t *testing.T) {
	t.Parallel()
	s := setup(t)
	cfg, err := ParseDSN(s.cfg.pool.ConnString())
	must(t, err)
	other, heard := Open(cfg), make(chan storage.News, 10)
	t.Cleanup(func() { must(t, other.Close()) })
	other.OnNews(func(n storage.News) { heard <- n })
	must(t, other.Migrate(t.Context()))
	if first := <-heard; !reflect.DeepEqual(first, storage.News{}) {
		t.Errorf("at first: %+v", first)
	}
	for _, id := range []keys.ID{"key_a", "key_b"} {
		before, err := s.Confirm(t.Context())
		must(t, err)
		_, err = insert(t.Context(), s, id)
		must(t, err)
		want, err := s.Changes(t.Context(), before, 10)
		must(t, err)
		for i := range want {
			want[i].ID = ""
			for j, d := range want[i].Digests {
				want[i].Digests[j] = keys.DigestOfTail(d.Tail())
			}
		}
		if got := <-heard; got.After != before || !reflect.DeepEqual(got.Changes, want) {
			t.Errorf("told %+v, want %+v after %+v", got, want, before)
		}
	}
}

func TestManyChangesAreToldOfWithoutSayingWhich(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, news := heard(t, s.cfg.pool.ConnString())
	drain(news)
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range 500 {
			if err := tx.InsertKey(t.Context(), newKey(keys.ID(fmt.Sprintf("key_%d", i)))); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	<-news
}

// The longest that is told fits into a payload, with the longest position
// before it.
func TestWhatIsToldFitsIntoOneNotification(t *testing.T) {
	t.Parallel()
	longest := 0
	for name := 1; name < maxNews; name++ {
		text := announce([]storage.Change{{Subject: storage.SubjectKey, Name: strings.Repeat("n", name), Digests: []keys.Digest{{}}}})
		longest = max(longest, len(text))
	}
	const position = len("9223372036854775807 JBLVLNYLVN23UXN26Q5Q7SE2WL ")
	if longest < maxNews-2 || longest+position >= 8000 {
		t.Errorf("it has up to %d bytes, and %d before them", longest, position)
	}
}

func FuzzNewsAreUnderstoodOrSayNothing(f *testing.F) {
	for _, seed := range []string{"", "1", "1 id", "1 id []", "0  [{}]", `7 id [{"s":"key","n":"key_a","d":[[1,2]]}]`, "-1 id []", "1 id {"} {
		f.Add(seed)
	}
	f.Add("3 id " + announce([]storage.Change{{Subject: storage.SubjectKey, Name: "key_a", Digests: []keys.Digest{keys.DigestOfTail([2]byte{1, 2}), {}}}}))
	f.Fuzz(func(t *testing.T, payload string) {
		news := understand(payload)
		for _, c := range news.Changes {
			if c.Revision != news.After.Revision+1 || c.ID != "" {
				t.Errorf("%q: %+v", payload, news)
			}
		}
		if len(news.Changes) == 0 {
			return
		}
		again := fmt.Sprintf("%d %s %s", news.After.Revision, news.After.ID, announce(news.Changes))
		if len(again) < maxNews && !reflect.DeepEqual(understand(again), news) {
			t.Errorf("%q is understood as %+v, and that as %+v", payload, news, understand(again))
		}
	})
}

// Whoever may connect to a database can listen.
func TestNewsTellNoDigest(t *testing.T) {
	t.Parallel()
	digest := keys.FingerprintOf("a secret")
	text := announce([]storage.Change{{Subject: storage.SubjectKey, Name: "key_a", Digests: []keys.Digest{digest}}})
	heard := understand("1 id " + text)
	if got := heard.Changes[0].Digests[0]; got != keys.DigestOfTail(digest.Tail()) || len(text) > 60 {
		t.Errorf("%s tells %x of %x", text, got, digest)
	}
}
