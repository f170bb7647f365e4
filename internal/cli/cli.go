package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
)

// Session is what one command works with.
type Session struct {
	Service manage.Service
	Actor   manage.Actor // the user of this machine
	Now     func() time.Time
	Close   func() error
}

// Opener opens a session on the store of a configuration file.
type Opener func(ctx context.Context, configFile string) (*Session, error)

// Exit statuses. Success is 0.
const (
	StatusFailed   = 1
	StatusBadUsage = 2
)

// Group is one noun and its verbs, or a verb that needs none.
type Group struct {
	Name  string
	Short string
	// Fill makes a command this group, whoever made the command.
	Fill func(*cobra.Command)
}

// Groups returns keys, tokens, workspaces and projects. The commands print to
// the streams of their cobra command, and call exit where they fail; what they
// return to cobra then has been printed already.
func Groups(open Opener, exit func(status int)) []Group {
	a := &app{open: open, exit: exit, interactive: isTerminal}
	return a.groups()
}

func (a *app) groups() []Group {
	return []Group{
		a.group("keys", "Create, list, show and revoke API keys", keyVerbs()),
		a.group("tokens", "Create, list and delete management tokens", tokenVerbs()),
		a.group("workspaces", "Create and list workspaces", workspaceVerbs()),
		a.group("projects", "Create and list projects", projectVerbs()),
	}
}

// Commands returns the same as commands of their own.
func Commands(open Opener, exit func(status int)) []*cobra.Command {
	groups := Groups(open, exit)
	out := make([]*cobra.Command, 0, len(groups))
	for _, g := range groups {
		out = append(out, g.Command())
	}
	return out
}

// Command makes the group a command of its own.
func (g Group) Command() *cobra.Command {
	cmd := &cobra.Command{Use: g.Name, Short: g.Short}
	g.Fill(cmd)
	return cmd
}

// app is what all commands share.
type app struct {
	open        Opener
	exit        func(int)
	interactive func(any) bool // whether a stream is a terminal
}

// common are the flags that every command takes.
type common struct {
	config, workspace string
	json              bool
}

func (a *app) group(name, short string, verbs []*verb) Group {
	return Group{Name: name, Short: short, Fill: func(cmd *cobra.Command) { a.fill(cmd, verbs) }}
}

func (a *app) fill(cmd *cobra.Command, verbs []*verb) {
	opts := &common{}
	a.prepare(cmd, opts)
	// A verb that nobody knows arrives here as an argument, with its flags.
	cmd.Args = cobra.ArbitraryArgs
	cmd.FParseErrWhitelist.UnknownFlags = true
	cmd.RunE = func(c *cobra.Command, args []string) error { return a.noVerb(c, args) }
	for _, v := range verbs {
		cmd.AddCommand(a.command(opts, v))
	}
}

// prepare gives a command the common flags, and our ways to fail and to help.
func (a *app) prepare(cmd *cobra.Command, opts *common) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&opts.config, "config", "Caddyfile", "configuration `FILE` whose store is worked on")
	flags.StringVar(&opts.workspace, "workspace", "default", "`NAME` of the workspace")
	flags.BoolVar(&opts.json, "json", false, "print one JSON document")
	flags.SortFlags = false
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetHelpTemplate(helpTemplate)
	cmd.SetUsageTemplate(usageTemplate)
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return a.badUsage(c, err.Error()) })
}
