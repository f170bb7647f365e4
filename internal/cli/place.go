package cli

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/client"
	"github.com/keystile/keystile/internal/keys"
)

// The variables that stand in for flags.
const (
	apiVariable   = "KEYSTILE_API"
	tokenVariable = "KEYSTILE_TOKEN"
)

const defaultConfig = "Caddyfile"

// common are the flags that every command takes: what it works on, and how it
// answers.
type common struct {
	config, api, token, ca string
	workspace              string
	json                   bool
}

// define adds the flags to a command and all below it.
func (o *common) define(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	o.defineStore(cmd)
	flags.StringVar(&o.api, "api", "", "`URL` of a keystile_admin to ask, in place of a store (or "+apiVariable+")")
	flags.StringVar(&o.token, "token", "", "management `TOKEN` for --api. Others on this machine can read a command line:\n"+
		tokenVariable+" keeps it from them, and so does -, which reads it from standard input")
	flags.StringVar(&o.ca, "ca", "", "`FILE` of certificates (PEM) that --api may trust beside those of the system")
	completeFiles(cmd, "ca")
}

// defineStore adds those that work on a store alone.
func (o *common) defineStore(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&o.json, "json", false, "print one JSON document")
	flags.StringVar(&o.workspace, "workspace", "", "`NAME` of the workspace (default unless stated; over the API: the token's)")
	flags.StringVar(&o.config, "config", defaultConfig, "configuration `FILE` whose store is worked on")
	completeFiles(cmd, "config")
}

var (
	errTwoPlaces = usage("--config names a store and --api an API: state one of them")
	errNoAPI     = usage("--token and --ca go with --api")
	errNoToken   = usage("--api needs a token: state " + tokenVariable + ", or --token")
)

// usage is an error of whoever wrote the command line.
func usage(text string) error { return &usageError{text} }

type usageError struct{ text string }

// Error implements error.
func (e *usageError) Error() string { return e.text }

// openPlace opens what the flags and the environment name. What stands on the
// command line wins.
func (a *app) openPlace(c *cobra.Command, opts *common) (*Session, error) {
	stated := c.Flags().Changed
	switch {
	case stated("config") && stated("api"):
		return nil, errTwoPlaces
	case stated("config") && (stated("token") || stated("ca")):
		return nil, errNoAPI
	case !stated("config") && (stated("api") || a.getenv(apiVariable) != ""):
		return a.openAPI(c, opts)
	case stated("token") || stated("ca"):
		return nil, errNoAPI
	}
	return a.Open(c.Context(), opts.config)
}

func (a *app) openAPI(c *cobra.Command, opts *common) (*Session, error) {
	token, err := a.token(c, opts)
	if err != nil {
		return nil, err
	}
	address := opts.api
	if !c.Flags().Changed("api") {
		address = a.getenv(apiVariable)
	}
	service, err := client.New(client.Config{
		Address: address, Token: token, CAFile: opts.ca, UserAgent: a.UserAgent, Transport: a.transport,
	})
	if err != nil {
		return nil, usage(err.Error())
	}
	return &Session{
		Service: service, Now: a.now, Sites: Sites{Admin: strings.TrimRight(address, "/")},
		Close: func() error { service.Close(); return nil },
	}, nil
}

// maxToken is longer than any token.
const maxToken = 4 << 10 // bytes

// token finds the token, and never says it.
func (a *app) token(c *cobra.Command, opts *common) (keys.Secret, error) {
	text := a.getenv(tokenVariable)
	switch {
	case opts.token == "-":
		line, err := readLine(c.InOrStdin(), maxToken)
		if err != nil {
			return keys.Secret{}, errors.Join(usage("no token stands on standard input"), err)
		}
		text = line
	case c.Flags().Changed("token"):
		text = opts.token
	}
	if text = strings.TrimSpace(text); text == "" {
		return keys.Secret{}, errNoToken
	}
	return keys.NewSecret(text), nil
}

// workspaceOf names the workspace of a session on a store.
func (o *common) workspaceOf() string { return cmp.Or(o.workspace, "default") }
