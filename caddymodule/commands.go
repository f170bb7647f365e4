package caddymodule

import (
	"fmt"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/cli"
)

// command is one of ours, wherever it stands.
type command struct {
	name, usage, short, long string
	fill                     func(*cobra.Command)
}

// commands are all of ours, in the order in which help shows them.
func commands() []command {
	all := []command{{"quickstart", quickstartUsage, quickstartShort, quickstartLong, fillQuickstart}}
	for _, g := range program().Groups() {
		all = append(all, command{g.Name, "<command>", g.Short, g.Short + ".", g.Fill})
	}
	return all
}

func (c command) cobra() *cobra.Command {
	cmd := &cobra.Command{Use: c.name + " " + c.usage, Short: c.short, Long: c.long}
	c.fill(cmd)
	return cmd
}

// init registers `caddy keystile …`, for binaries that are Caddy's first.
func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  appName,
		Usage: "<command>",
		Short: "Manages API keys",
		Long:  "Creates, lists, changes and ends API keys, and what belongs to them, in the store of a configuration or over the management API.",
		CobraFunc: func(group *cobra.Command) {
			group.Args, group.FParseErrWhitelist.UnknownFlags = cobra.ArbitraryArgs, true
			group.RunE = func(cmd *cobra.Command, args []string) error {
				if len(args) == 0 {
					return cmd.Help()
				}
				return exitWith(cmd, cli.StatusBadUsage, noCommand(cmd, args[0]))
			}
			for _, c := range commands() {
				cmd := c.cobra()
				nameExamples(cmd, binaryName()+" "+appName)
				group.AddCommand(cmd)
			}
			group.AddCommand(&cobra.Command{
				Use: "version", Short: "Print the versions of Keystile and Caddy", Args: cobra.NoArgs,
				RunE: func(cmd *cobra.Command, _ []string) error {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), versions())
					return err
				},
			})
		},
	})
}

// nameExamples writes our commands as they are called here.
func nameExamples(cmd *cobra.Command, as string) {
	cmd.Example = strings.NewReplacer("  "+appName+" ", "  "+as+" ", "| "+appName+" ", "| "+as+" ").Replace(cmd.Example)
	for _, sub := range cmd.Commands() {
		nameExamples(sub, as)
	}
}

func binaryName() string {
	if caddy.CustomBinaryName != "" {
		return caddy.CustomBinaryName
	}
	return "caddy"
}

// RegisterTopLevelCommands registers the same commands at the top level, for
// our own binary.
func RegisterTopLevelCommands() {
	for _, c := range commands() {
		caddycmd.RegisterCommand(caddycmd.Command{Name: c.name, Usage: c.usage, Short: c.short, Long: c.long, CobraFunc: c.fill})
	}
}

// Main is our own binary: Caddy, with our commands at the top level and first
// in its help.
func Main() {
	caddy.CustomBinaryName = appName
	caddy.CustomLongDescription = longDescription(commands())
	RegisterTopLevelCommands()
	if asksForVersion(os.Args[1:]) {
		_, _ = fmt.Fprintln(os.Stdout, versions()) // Caddy's own command knows of Caddy alone
		return
	}
	if root, wrong := unknownCommand(os.Args[1:]); wrong != nil {
		_ = exitWith(root, cli.StatusBadUsage, wrong)
	}
	caddycmd.Main()
}

func asksForVersion(args []string) bool {
	return len(args) == 1 && (args[0] == "version" || args[0] == "--version" || args[0] == "-v")
}

func longDescription(commands []command) string {
	var b strings.Builder
	b.WriteString("Keystile is a gate for API keys in front of any HTTP API: it lets a request through when\nits key may do what it asks for. It is Caddy, with the gate built in.\n\nKeystile's commands:\n\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %s %-11s %s\n", appName, c.name, c.short)
	}
	b.WriteString("\n`keystile quickstart` shows it at work; `keystile run` serves the Caddyfile in the current folder, and\n`keystile reload`, `validate` and the others below are Caddy's own.")
	return b.String()
}

// program is what the commands are built on here.
func program() cli.Program {
	return cli.Program{Open: openSession, Create: createSession, OpenStore: openForMigration, ReadFormat: readFormat, Examine: examine, Exit: os.Exit, UserAgent: appName + "/" + version()}
}

// exitWith ends a command that failed: one line on standard error.
func exitWith(cmd *cobra.Command, status int, err error) error {
	cmd.PrintErrln(appName + ": " + err.Error())
	os.Exit(status)
	return err
}
