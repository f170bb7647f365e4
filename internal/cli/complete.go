package cli

import (
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
)

// The words that flags take.
var (
	statuses     = []string{string(keys.Active), string(keys.Inactive), string(keys.Revoked), string(keys.Expired)}
	settable     = []string{string(keys.Active), string(keys.Inactive)}
	environments = []string{string(keys.Live), string(keys.Test)}
	kinds        = []string{string(keys.Personal), string(keys.Project), string(keys.CI)}
	sums         = []string{"endpoint", "project", "outcome", "time", "day"}
)

// completeOneOf lets a shell complete a flag's value from a few words. Cobra
// refuses only flags that aren't there, which the first test would show.
func completeOneOf(cmd *cobra.Command, flag string, words []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
}

// completeFiles lets a shell complete a flag's value with files.
func completeFiles(cmd *cobra.Command, flag string) {
	must(cmd.RegisterFlagCompletionFunc(flag, anyFile))
}

// anyFile completes with files.
func anyFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func must(err error) {
	if err != nil {
		panic("cli: " + err.Error())
	}
}
