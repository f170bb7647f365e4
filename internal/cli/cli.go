package cli

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

//go:generate go test -run TestCommandsPageIsCurrent . -update

// Session is what one command works with.
type Session struct {
	Service manage.Service
	Actor   manage.Actor // the user of this machine; nobody where the API says who it is
	Now     func() time.Time
	Sites   Sites
	Close   func() error
}

// FormatReader reads the key format of a configuration file, and asks no store.
type FormatReader func(configFile string) (*keys.Format, error)

// Opener opens a session on the store of a configuration file.
type Opener func(ctx context.Context, configFile string) (*Session, error)

// Exit statuses. Success is 0.
const (
	StatusFailed   = 1
	StatusBadUsage = 2
	// StatusUnconfirmed: it is done, but not every gateway enforces it yet.
	StatusUnconfirmed = 3
)

// Program is what the commands are built on.
type Program struct {
	// Open opens a session. Create does as well, and makes the store where
	// there is none.
	Open, Create Opener
	// OpenStore opens the stores of a migration.
	OpenStore StoreOpener
	// ReadFormat knows the secrets of a configuration; without a file, those of
	// one that says nothing.
	ReadFormat FormatReader
	// Examine is what doctor does.
	Examine Examiner
	// Exit ends the process. Commands call it where they fail; what they
	// return to cobra then has been printed already.
	Exit func(status int)
	// UserAgent names the program to the API: "keystile/1.2".
	UserAgent string
}

// Group is one noun and its verbs, or a verb that needs none.
type Group struct {
	Name  string
	Short string
	// Fill makes a command this group, whoever made the command.
	Fill func(*cobra.Command)
}

// Groups returns every command of administration. They print to the streams of
// their cobra command.
func (p Program) Groups() []Group {
	a := &app{Program: p, interactive: isTerminal, width: widthOf, getenv: os.Getenv, now: time.Now}
	return a.groups()
}

func (a *app) groups() []Group {
	return []Group{
		a.group("keys", "Create, list, change and end API keys", keyVerbs()),
		a.group("tokens", "Create, list and delete management tokens", tokenVerbs()),
		a.group("workspaces", "Create, list and change workspaces", workspaceVerbs()),
		a.group("projects", "Create, list and delete projects", shelfVerbs(projects)),
		a.group("profiles", "Create, list and delete profiles", shelfVerbs(profiles)),
		a.group("plans", "List the plans of the configuration", []*verb{plansList()}),
		a.group("scopes", "List the scopes of the configuration", []*verb{scopesList()}),
		a.single(audit()),
		a.single(a.scan()),
		a.single(gates()),
		a.single(report()),
		a.single(a.doctor()),
		a.single(explain()),
		a.importGroup(),
		a.migrateGroup(),
	}
}

// app is what all commands share.
type app struct {
	Program
	interactive func(any) bool // whether a stream is a terminal
	width       func(any) int  // columns of a stream; 0: it has no end
	getenv      func(string) string
	now         func() time.Time  // where the session is with an API
	transport   http.RoundTripper // to the API; nil: the network
}

func (a *app) group(name, short string, verbs []*verb) Group {
	return Group{Name: name, Short: short, Fill: func(cmd *cobra.Command) { a.fill(cmd, verbs) }}
}

func (a *app) fill(cmd *cobra.Command, verbs []*verb) {
	opts := &common{}
	a.prepare(cmd)
	opts.define(cmd)
	// A verb that nobody knows arrives here as an argument, with its flags.
	cmd.Args = cobra.ArbitraryArgs
	cmd.FParseErrWhitelist.UnknownFlags = true
	cmd.RunE = func(c *cobra.Command, args []string) error { return a.noVerb(c, args) }
	for _, v := range verbs {
		sub := &cobra.Command{}
		a.become(sub, opts, v)
		cmd.AddCommand(sub)
	}
}

// single makes a verb a group of its own.
func (a *app) single(v *verb) Group {
	return Group{Name: v.name(), Short: v.short, Fill: func(cmd *cobra.Command) {
		opts := &common{}
		a.prepare(cmd)
		opts.define(cmd)
		a.become(cmd, opts, v)
	}}
}

// prepare gives a command our ways to fail and to help.
func (a *app) prepare(cmd *cobra.Command) {
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetHelpTemplate(helpTemplate)
	cmd.SetUsageTemplate(usageTemplate)
	// A shell offers files only where they make sense.
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return a.badUsage(c, wrongFlag(c, err)) })
}
