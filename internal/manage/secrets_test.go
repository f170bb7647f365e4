package manage_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func TestLEAK08MGMT10SecretsAreInNoViewNoAuditEntryAndNoFile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key, token := f.mustCreate(t, f.op, manage.NewKey{Scopes: []string{"read"}}), f.token(t, f.op, manage.NewToken{})
	revoked, err := f.RevokeKey(t.Context(), f.op, key.ID, manage.Revocation{Reason: "over"})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := f.ShowKey(t.Context(), f.op, key.ID)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := f.ListTokens(t.Context(), f.op, manage.TokenQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "key", key, "token", token)
	texts := map[string]string{
		"created, printed":   fmt.Sprintf("%v %+v %#v %x", key, key, token, token.Secret),
		"created, marshaled": marshal(t, key) + marshal(t, token),
		"log":                log.String(),
		"shown":              marshal(t, shown) + marshal(t, revoked),
		"listed":             marshal(t, f.mustList(t, f.op, manage.KeyQuery{})) + marshal(t, tokens),
		"audit":              marshal(t, f.audit(t, "default")),
	}
	for name, file := range files(t, f.dir) {
		texts["file "+name] = file
	}
	var hasher keys.Hasher
	for name, text := range texts {
		for _, secret := range []keys.Secret{key.Secret, token.Secret} {
			if bytes.Contains([]byte(text), []byte(secret.Reveal())) {
				t.Errorf("%s: the secret stands there", name)
			}
			digest, _ := hasher.New(secret)
			if bytes.Contains([]byte(text), []byte(hex.EncodeToString(digest[:]))) {
				t.Errorf("%s: the digest stands there", name)
			}
		}
	}
	if len(texts) < 7 {
		t.Errorf("no file was searched: %d texts", len(texts))
	}
}

func TestTheOneThatAsksIsShownTheSecret(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key, token := f.mustCreate(t, f.op, manage.NewKey{}), f.token(t, f.op, manage.NewToken{})
	for secret, document := range map[string]any{key.Secret.Reveal(): key.Revealed(), token.Secret.Reveal(): token.Revealed()} {
		var got struct {
			ID     string `json:"id"`
			Secret string `json:"secret"`
		}
		if err := json.Unmarshal([]byte(marshal(t, document)), &got); err != nil || got.Secret != secret || got.ID == "" {
			t.Errorf("shown %+v, %v", got, err)
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range found {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = string(body)
	}
	return out
}
