package caddymodule

import (
	"os"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/cli"
)

// init registers `caddy keystile …`, for binaries that are Caddy's first.
func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "keystile",
		Usage: "<command>",
		Short: "Manages API keys",
		Long:  "Creates, lists, changes and ends API keys, and what belongs to them, in the store of a configuration or over the management API.",
		CobraFunc: func(root *cobra.Command) {
			for _, cmd := range program().Commands() {
				root.AddCommand(cmd)
			}
			root.AddCommand(quickstartCommand())
		},
	})
}

// RegisterTopLevelCommands registers the same commands at the top level, for
// our own binary.
func RegisterTopLevelCommands() {
	for _, group := range program().Groups() {
		caddycmd.RegisterCommand(caddycmd.Command{
			Name: group.Name, Usage: "<command>", Short: group.Short, Long: group.Short + ".", CobraFunc: group.Fill,
		})
	}
	caddycmd.RegisterCommand(caddycmd.Command{
		Name: "quickstart", Usage: quickstartUsage, Short: quickstartShort, Long: quickstartLong, CobraFunc: fillQuickstart,
	})
}

// program is what the commands are built on here.
func program() cli.Program {
	version, _ := caddy.Version()
	return cli.Program{Open: openSession, Create: createSession, Exit: os.Exit, UserAgent: "keystile/" + version}
}

// exitWith ends a command that failed: one line on standard error.
func exitWith(cmd *cobra.Command, status int, err error) {
	cmd.PrintErrln(caddy.CustomBinaryName + ": " + err.Error())
	os.Exit(status)
}
