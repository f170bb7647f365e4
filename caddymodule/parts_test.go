package caddymodule

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestAPepperIsShortBelowSixteenCharacters(t *testing.T) {
	t.Parallel()
	long := keys.NewSecret(strings.Repeat("x", 16))
	short := keys.NewSecret(strings.Repeat("x", 15))
	if anyShort(nil) || anyShort([]keys.Secret{long}) || !anyShort([]keys.Secret{short}) || !anyShort([]keys.Secret{long, short}) {
		t.Error("which peppers can be guessed is told wrongly")
	}
}
