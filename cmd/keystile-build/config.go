package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// config is what an xcaddy.toml says.
type config struct {
	Caddy   string            `toml:"caddy"`  // version, such as v2.11.9
	Output  string            `toml:"output"` // the binary
	Flags   []string          `toml:"flags"`  // of go build
	Env     map[string]string `toml:"env"`
	Plugins []plugin          `toml:"plugin"`

	dir string // where the file is; its paths are relative to it
}

// plugin is a module that is built in.
type plugin struct {
	Module  string `toml:"module"`
	Version string `toml:"version"`
	Replace string `toml:"replace"` // a folder to take the module from
}

// readConfig reads and checks a file. Errors start with its path, and with the
// line where one can be told.
func readConfig(path string) (*config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the build's description: %w", err)
	}
	c, err := parseConfig(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	c.dir = filepath.Dir(path)
	return c, nil
}

// parseConfig starts its errors with "LINE: ", or with a space where the fault
// is in no line.
func parseConfig(r io.Reader) (*config, error) {
	c := &config{}
	err := toml.NewDecoder(r).DisallowUnknownFields().Decode(c)
	if unknown := (*toml.StrictMissingError)(nil); errors.As(err, &unknown) {
		first := unknown.Errors[0]
		line, _ := first.Position()
		return nil, fmt.Errorf("%d: unknown field %q", line, strings.Join(first.Key(), "."))
	}
	if wrong := (*toml.DecodeError)(nil); errors.As(err, &wrong) {
		line, _ := wrong.Position()
		return nil, fmt.Errorf("%d: %w", line, err)
	}
	if err == nil {
		err = c.validate()
	}
	if err != nil {
		return nil, fmt.Errorf(" %w", err)
	}
	return c, nil
}

func (c *config) validate() error {
	switch {
	case c.Caddy == "":
		return errors.New("caddy says no version")
	case c.Output == "":
		return errors.New("output names no file")
	case len(c.Plugins) == 0:
		return errors.New("there is no plugin")
	}
	for i, p := range c.Plugins {
		switch {
		case p.Module == "":
			return fmt.Errorf("plugin %d names no module", i+1)
		case p.Version == "":
			return fmt.Errorf("plugin %s says no version", p.Module)
		}
	}
	for _, flag := range c.Flags {
		if strings.Contains(flag, "'") {
			return fmt.Errorf("the flag %s holds a single quote, which xcaddy can't be given", flag)
		}
	}
	return nil
}
