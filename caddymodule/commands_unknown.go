package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/cli"
)

// cobras are the commands that cobra adds to every root.
var cobras = []string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}

// rootNames are the commands of our binary.
func rootNames() []string {
	names := append(slices.Collect(maps.Keys(caddycmd.Commands())), cobras...)
	for _, c := range commands() {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unknownCommand returns what is wrong with a command line whose first word is
// no command; nil where it is one. Caddy's root says it in several lines, and
// lets nobody change that.
func unknownCommand(args []string) (root *cobra.Command, wrong error) {
	names := rootNames()
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || slices.Contains(names, args[0]) {
		return nil, nil
	}
	root = &cobra.Command{Use: appName}
	for _, name := range names {
		if name != appName { // the group for other builds of Caddy
			root.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
		}
	}
	return root, noCommand(root, args[0])
}

func noCommand(cmd *cobra.Command, typed string) error {
	return fmt.Errorf("%s; see %s --help", cli.NoCommand(cmd, typed), cmd.CommandPath())
}
