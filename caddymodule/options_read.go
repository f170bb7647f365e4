package caddymodule

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/keystile/keystile/internal/keys"
)

// How rows of several tables read their arguments.

// setText reads one argument as it stands. Empty text would be the same as
// leaving the option out, which is never what was meant.
func setText[T any](path string, field func(T) *string) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		if args[0] == "" {
			return b.Errf("%s is empty", b.start.Text)
		}
		b.mark(path)
		*field(b.to) = args[0]
		return nil
	}
}

// setTexts reads all arguments as they stand.
func setTexts[T any](path string, field func(T) *[]string) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		b.mark(path)
		*field(b.to) = args
		return nil
	}
}

// addText reads one argument of an option that may stand more than once.
func addText[T any](path string, field func(T) *[]string) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		into := field(b.to)
		b.mark(path, strconv.Itoa(len(*into)))
		*into = append(*into, args[0])
		return nil
	}
}

// setFlag reads an option whose only argument is a word, or that has none.
func setFlag[T any](word string, field func(T) *bool) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		if strings.Join(args, " ") != word {
			return errUsage
		}
		*field(b.to) = true
		return nil
	}
}

// setCount reads a whole number of at least 1.
func setCount[T any](path string, field func(T) *int64) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		n, err := parseCount(args[0])
		if err != nil {
			return b.Errf("%s: %w", b.start.Text, err)
		}
		b.mark(path)
		*field(b.to) = n
		return nil
	}
}

// setDuration reads a duration, of which 0 would be the same as leaving the
// option out.
func setDuration[T any](path string, within span, field func(T) *caddy.Duration) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		d, err := parseDuration(args[0])
		switch {
		case err != nil:
			return b.Errf("%s: %w", b.start.Text, err)
		case d <= 0:
			return b.Err(within.refuse(b.start.Text, d))
		}
		b.mark(path)
		*field(b.to) = caddy.Duration(d)
		return nil
	}
}

// addRate reads ENV N/unit [burst B] into a map by environment.
func addRate[T any](path string, field func(T) *map[string]RateLimit) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		rate, err := readRate(b, args[1:])
		if err != nil {
			return err
		}
		return put(b, field(b.to), path, args[0], rate)
	}
}

// readRate reads N/UNIT [burst B].
func readRate[T any](b block[T], args []string) (RateLimit, error) {
	rate := RateLimit{Rate: args[0]}
	if more := args[1:]; len(more) > 0 {
		if len(more) != 2 || more[0] != "burst" {
			return rate, errUsage
		}
		burst, err := parseCount(more[1])
		if err != nil {
			return rate, b.Errf("burst: %w", err)
		}
		rate.Burst = burst
	}
	return rate, nil
}

// addQuota reads [ENV] N/PERIOD; without ENV, of live keys.
func addQuota[T any](field func(T) *map[string][]string) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		env, text := string(keys.Live), args[len(args)-1]
		if len(args) > 1 {
			env = args[0]
		}
		into := field(b.to)
		if *into == nil {
			*into = map[string][]string{}
		}
		b.mark("quotas", env, strconv.Itoa(len((*into)[env])))
		(*into)[env] = append((*into)[env], text)
		return nil
	}
}

// put enters what a repeated option says under a name.
func put[T, V any](b block[T], into *map[string]V, path, name string, value V) error {
	if _, taken := (*into)[name]; taken {
		return b.Errf("%s %s is given twice", b.start.Text, name)
	}
	if *into == nil {
		*into = map[string]V{}
	}
	(*into)[name] = value
	b.mark(path, name)
	return nil
}

// setModule hands the rest of the line to the guest module that the first
// argument names.
func setModule[T any](namespace string, field func(T) *json.RawMessage) func(block[T], []string) error {
	return func(b block[T], args []string) error {
		name := args[0]
		var known []string
		for _, module := range caddy.GetModules(namespace) {
			known = append(known, module.ID.Name())
		}
		if _, err := caddy.GetModule(namespace + "." + name); err != nil {
			return b.Errf("unknown %s %q; known: %s", b.start.Text, name, strings.Join(known, ", "))
		}
		b.Reset()
		b.NextArg() // the option's name
		b.NextArg() // the module's
		module, err := caddyfile.UnmarshalModule(b.Dispenser, namespace+"."+name)
		if err != nil {
			return err
		}
		*field(b.to) = caddyconfig.JSONModuleObject(module, "driver", name, nil)
		return nil
	}
}

// parseCount takes digits only: no sign, fraction or exponent.
func parseCount(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a whole number of at least 1", text)
	}
	return int64(n), nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := caddy.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 500ms, 10s, 5m, 24h or 400d", text)
	}
	return d, nil
}
