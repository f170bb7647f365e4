package caddymodule

import (
	"strings"
	"testing"
)

func TestAPepperCanBeGuessedBelowSixteenCharacters(t *testing.T) {
	t.Parallel()
	long, short := strings.Repeat("x", 16), strings.Repeat("x", 15)
	for want, lists := range map[bool][][]string{false: {nil, {long}}, true: {{short}, {long, short}}} {
		for _, peppers := range lists {
			if _, got, err := resolvePeppers(peppers); got != want || err != nil {
				t.Errorf("%q: %t, %v", peppers, got, err)
			}
		}
	}
}
