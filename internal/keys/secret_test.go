package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/keystile/keystile/internal/keys"
)

type open struct{ Secret keys.Secret }

type closed struct{ secret keys.Secret }

type refusal struct {
	Secret keys.Secret
	secret keys.Secret
}

func (e refusal) Error() string { return fmt.Sprintf("refused %v, %s", e.Secret, e.secret) }

// places are ways for a secret to end up in something that is printed.
func places() map[string]any {
	s := keys.NewSecret(example)
	return map[string]any{
		"itself":                  s,
		"pointer":                 &s,
		"exported field":          open{s},
		"unexported field":        closed{s},
		"pointer to a struct":     &open{s},
		"pointer to a closed one": &closed{s},
		"slice":                   []keys.Secret{s},
		"array":                   [1]keys.Secret{s},
		"slice of pointers":       []*keys.Secret{&s},
		"map":                     map[string]keys.Secret{"k": s},
		"map of structs":          map[string]closed{"k": {s}},
		"interface":               []any{s, &s, open{s}, closed{s}},
		"error":                   refusal{s, s},
		"wrapped error":           fmt.Errorf("wrapped: %w", errors.Join(refusal{s, s})),
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%p", "%t", "%T", "%10.3s", "%-50v", "%c", "%U", "%b", "%e"}
	for name, v := range places() {
		for _, verb := range verbs {
			wantHidden(t, name+" under "+verb, fmt.Sprintf(verb, v))
		}
		wantHidden(t, name+" under Sprint", fmt.Sprint(v))
		wantHidden(t, name+" under Sprintln", fmt.Sprintln(v))
	}
}

func TestSecretIsNeverMarshalled(t *testing.T) {
	t.Parallel()
	for name, v := range places() {
		inJSON, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Errorf("%s as JSON: %v", name, err)
		}
		wantHidden(t, name+" as JSON", string(inJSON))
		inXML, _ := xml.Marshal(v) // maps have no XML
		wantHidden(t, name+" as XML", string(inXML))
	}
}

func TestSecretIsNeverLoggedBySlog(t *testing.T) {
	t.Parallel()
	for name, v := range places() {
		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).With("with", v).WithGroup("g").Info("m", "v", v, slog.Group("h", "v", v))
		}
		wantHidden(t, name+" in slog", out.String())
	}
}

func TestSecretIsNeverLoggedByZap(t *testing.T) {
	t.Parallel()
	for name, v := range places() {
		var out bytes.Buffer
		for _, encode := range []func(zapcore.EncoderConfig) zapcore.Encoder{zapcore.NewJSONEncoder, zapcore.NewConsoleEncoder} {
			core := zapcore.NewCore(encode(zap.NewProductionEncoderConfig()), zapcore.AddSync(&out), zap.DebugLevel)
			logger := zap.New(core).With(zap.Any("with", v))
			logger.Info("m", zap.Any("any", v), zap.Reflect("reflect", v), zap.Namespace("n"))
			logger.Sugar().Infow("m", "v", v)
			logger.Sugar().Infof("%v %+v %#v", v, v, v)
		}
		wantHidden(t, name+" in zap", out.String())
	}
}

// wantHidden looks for the secret in every spelling that a printer has.
func wantHidden(t *testing.T, what, printed string) {
	t.Helper()
	body := example[len("ks_live_"):]
	for _, spelling := range []string{
		body, body[:8], hex.EncodeToString([]byte(body)), strings.ToUpper(hex.EncodeToString([]byte(body))),
		fmt.Sprintf("% x", body), base64.StdEncoding.EncodeToString([]byte(example)), fmt.Sprint([]byte(body)),
	} {
		if strings.Contains(printed, spelling) {
			t.Errorf("%s: %s", what, printed)
			return
		}
	}
}

func TestSecretSaysThatItIsHidden(t *testing.T) {
	t.Parallel()
	s := keys.NewSecret(example)
	inJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(s), fmt.Sprintf("%#v", s), fmt.Sprintf("%x", s), fmt.Sprintf("%q", s), fmt.Sprintf("%d", s), s.String(), s.GoString(), s.LogValue().String(), strings.Trim(string(inJSON), `"`)} {
		if printed != "[secret]" {
			t.Errorf("printed %q, want [secret]", printed)
		}
	}
}

func TestRevealIsTheWayOut(t *testing.T) {
	t.Parallel()
	var none keys.Secret
	if got := keys.NewSecret(example).Reveal(); got != example {
		t.Errorf("Reveal = %q", got)
	}
	if none.Reveal() != "" || !none.IsZero() || !keys.NewSecret("").IsZero() || keys.NewSecret(example).IsZero() {
		t.Error("a secret without bytes isn't told from one with")
	}
}
