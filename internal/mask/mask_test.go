package mask

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const secret = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"

func newSet() *Set {
	s := &Set{}
	s.Add("ks_live_", "ks_test_", "kst_", "sk-prism-api03-", "")
	return s
}

func TestSecretsAreCutOffBehindTheirPrefix(t *testing.T) {
	t.Parallel()
	s := newSet()
	for text, want := range map[string]string{
		"nothing to see":                       "nothing to see",
		"":                                     "",
		secret:                                 "ks_live_***",
		`{"uri":"/a?k=` + secret + `&b=1"}`:    `{"uri":"/a?k=ks_live_***&b=1"}`,
		"/v1/" + secret + "/rest":              "/v1/ks_live_***/rest",
		secret + "," + secret:                  "ks_live_***,ks_live_***",
		"x" + secret + "x y":                   "xks_live_*** y",
		strings.ToLower(secret):                "ks_live_***",
		"X-" + strings.ToUpper(secret) + ": 1": "X-KS_LIVE_***: 1",
		`{"X-Ks_live_0123456789abcd":["1"]}`:   `{"X-Ks_live_***":["1"]}`,
		"Sk-Prism-api03-AbC":                   "Sk-Prism-api03-***",
		"sk-prism-api03-abc.def~ghi+j= end":    "sk-prism-api03-*** end",
		"the prefix ks_live_ alone stays":      "the prefix ks_live_ alone stays",
		"kst_abc":                              "kst_***",
		strings.ReplaceAll(secret, "_", "%5F"): "ks%5Flive%5F***",
		strings.ReplaceAll(secret, "_", "%255f") + "%26x": "ks%255flive%255f***%26x",
		everyByteEscaped(secret) + "%20":                  everyByteEscaped("ks_live_") + "***%20",
		"100% ks_live":                                    "100% ks_live",
		"%":                                               "%",
		"%4":                                              "%4",
	} {
		if got := string(s.Bytes([]byte(text))); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestForeignSecretsAreCutOffAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	s := newSet()
	s.AddWide("sk-old-")
	for text, want := range map[string]string{
		`"sk-old-abcd/efgh+secret==","x"`: `"sk-old-***","x"`,
		"?k=sk-old-/a:b&c=1":              "?k=sk-old-***&c=1",
		"sk-old-a%2Fb c":                  "sk-old-*** c",
	} {
		if got := string(s.Bytes([]byte(text))); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Prefixes may open with others, and come in any order.
func TestOfPrefixesThatFitTheOneCountsThatHidesMost(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{{"sk-", "sk-old-", "sk-older-"}, {"sk-older-", "sk-old-", "sk-"}} {
		var s Set
		s.Add(order...)
		s.AddWide("sk-old-")
		for text, want := range map[string]string{
			"sk-old-ab/cd:ef end": "sk-old-*** end", "sk-new-abcd/ef": "sk-***/ef", "sk-older-abcd end": "sk-older-*** end",
		} {
			if got := s.Text(text); got != want {
				t.Errorf("%v, %q: got %q, want %q", order, text, got, want)
			}
		}
	}
}

// A log is read by programs: what is masked in an entry leaves it an entry.
func TestWhatIsMaskedInAnEntryLeavesItJSON(t *testing.T) {
	t.Parallel()
	s := newSet()
	s.AddWide("sk-old-")
	for _, value := range []string{`"sk-old-abc"`, `sk-old-a"b c`, `sk-old-a\`, `sk-old-a\"`, "sk-old-a\nb", "sk-old-a\x01b", "sk-old-%5c", "sk-old-%5C%22", `"` + secret + `"`, `sk-old-\`} {
		entry, err := json.Marshal(map[string]string{"User-Agent": value, "next": "kept"})
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]string
		if masked := s.Bytes(entry); json.Unmarshal(masked, &read) != nil || len(read) != 2 || read["next"] != "kept" {
			t.Errorf("%q: %s", value, masked)
		}
	}
}

func TestThePrefixThatATextOpensWithIsTold(t *testing.T) {
	t.Parallel()
	s := newSet()
	for text, want := range map[string]string{
		"": "", "other": "", "ks_live_": "", "x" + secret: "", secret: "ks_live_", "ks%5flive_a b": "ks%5flive_", "Ks_live_a": "Ks_live_",
	} {
		if got := s.Opening(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	var none Set
	if got := none.Opening(secret); got != "" {
		t.Errorf("a set that knows nothing: %q", got)
	}
}

func TestASecretIsFoundInLettersOfEitherSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, secret[1:]: false, secret[:len(secret)-1] + "_": false,
		secret: true, "X-" + strings.ToLower(secret): true, strings.ToUpper(secret): true,
		everyByteEscaped(secret): true, everyByteEscaped(strings.ToUpper(secret)) + ".example": true, strings.ToUpper(everyByteEscaped(secret)): true,
	} {
		if got := SpellsFolded(text, secret); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestASecretIsFoundInEverySpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "100%": false, secret[:len(secret)-1]: false, everyByteEscaped(secret[1:]): false,
		strings.Repeat("%41", 500): false, strings.Repeat("%41", 500) + everyByteEscaped(secret): true, secret[1:] + "%20": false, secret[:len(secret)-1] + "%6f": true,
		secret: true, "x=" + secret + ";": true, everyByteEscaped(secret): true, "%25" + strings.ReplaceAll(secret, "_", "%255F"): true,
	} {
		if got := Spells(text, secret); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// What was made elsewhere may look percent-encoded, and is decoded with the rest.
func TestASecretThatLooksEncodedIsFoundInEverySpelling(t *testing.T) {
	t.Parallel()
	const odd = "sk-old-a%41b%2Fc-d"
	for _, text := range []string{odd, "x=" + odd, strings.ReplaceAll(odd, "%", "%25"), everyByteEscaped(odd), "sk-old-aAb/c-d"} {
		if !Spells(text, odd) || !SpellsFolded(strings.ToLower(text), odd) || !SpellsFolded(strings.ToUpper(text), odd) {
			t.Errorf("%q: not found", text)
		}
	}
	for _, text := range []string{"", "sk-old-", "sk-old-aAb/c", strings.Repeat("x", 40)} {
		if Spells(text, odd) || SpellsFolded(text, odd) {
			t.Errorf("%q: found", text)
		}
	}
}

// A client chooses both. The worst that it can choose looks like its secret
// everywhere, and isn't it.
func BenchmarkSpells(b *testing.B) {
	wide := strings.Repeat("a", 255) + "b"
	for name, text := range map[string]string{
		"raw": strings.Repeat(strings.Repeat("a", 254)+"b", 4000) + "%", "encoded": strings.Repeat("%61", 1<<18), "percents": strings.Repeat("%", 1<<20),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Spells(text, wide)
			}
		})
	}
}

func TestATextIsDecodedAsOftenAsAnybodyMay(t *testing.T) {
	t.Parallel()
	twice := strings.ReplaceAll(everyByteEscaped(secret), "%", "%25")
	for text, want := range map[string]string{
		"": "", "plain": "plain", "100%": "100%", "%4": "%4", "%zz": "%zz", "a%20b": "a b", "%25zz": "%zz",
		everyByteEscaped(secret): secret, twice: secret, strings.ReplaceAll(twice, "%", "%25"): secret,
	} {
		if got := Decode(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestASetThatKnowsNothingTouchesNothing(t *testing.T) {
	t.Parallel()
	var s Set
	if got := string(s.Bytes([]byte(secret))); got != secret {
		t.Errorf("got %q", got)
	}
}

func TestTextWithoutSecretsIsNotCopied(t *testing.T) {
	s := newSet()
	line := []byte(`{"level":"info","request":{"uri":"/v1/projects?page=2%20","headers":{"Accept":["*/*"]}},"status":200}`)
	if n := testing.AllocsPerRun(100, func() { s.Bytes(line) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Every header of a request is looked through for copies of its secret.
func TestLookingForASecretCostsNothingInUsualHeaders(t *testing.T) {
	for _, text := range []string{"https://app.example.com/projects?tab=items%20all%2C%20or%20none", everyByteEscaped(secret[1:])} {
		if n := testing.AllocsPerRun(100, func() { Spells(text, secret) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
	const short = "sk-old-ab" // fits into most names
	for _, name := range []string{"Accept", "Accept-Encoding", "Content-Security-Policy-Report-Only"} {
		if n := testing.AllocsPerRun(100, func() { SpellsFolded(name, short) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func everyByteEscaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

// However a secret is escaped, and whatever stands around it, no reader of the
// masked text finds it.
func FuzzNoSpellingOfASecretIsLeft(f *testing.F) {
	f.Add("", "", uint8(0), uint64(0))
	f.Add("/a?k=", "&b=1", uint8(1), ^uint64(0))
	f.Add("%", "%25", uint8(2), uint64(0x5555))
	s := newSet()
	f.Fuzz(func(t *testing.T, before, after string, layers uint8, which uint64) {
		spelled := secret
		for range layers % 3 {
			var b strings.Builder
			for i := range len(spelled) {
				if c := spelled[i]; c == '%' || which>>(i%64)&1 == 1 {
					fmt.Fprintf(&b, "%%%02X", c)
				} else {
					b.WriteByte(c)
				}
			}
			spelled = b.String()
		}
		got := string(s.Bytes([]byte(before + spelled + after)))
		for range 4 {
			if strings.Contains(got, secret) {
				t.Fatalf("%q is left of %q", got, before+spelled+after)
			}
			next, err := url.PathUnescape(got)
			if err != nil {
				return
			}
			got = next
		}
	})
}
