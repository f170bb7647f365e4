package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/migrate"
)

const (
	migrateShort = "Move everything from one store to another"
	migrateLong  = `Moves everything from one store to another: keys, tokens, workspaces, projects, profiles, the audit
trail and usage. The other store must be new and empty. Gates serve on meanwhile, and keys can be looked
at, but not changed. At the end, both stores are compared row by row.

Then have the gates use the new store, and run the same command once more: it brings over what the old
gates counted last. A run that was interrupted goes on where it was; --abort gives the move up.

An address is sqlite:PATH or postgres:DSN; {env.NAME} in it is read from the environment, which keeps a
password out of the list of processes.`
	migrateExample = `  keystile migrate --from sqlite:/var/lib/keystile/keys.db --to postgres:{env.DATABASE_URL}`
)

// StoreOpener opens the store at an address such as sqlite:PATH for a
// migration, with its schema. It makes one that isn't there only where create
// is set.
type StoreOpener func(ctx context.Context, address string, create bool) (migrate.Store, error)

type migrateFlags struct {
	from, to    string
	abort, json bool
}

// migrateGroup is the command that moves everything to another store.
func (a *app) migrateGroup() Group {
	return Group{Name: "migrate", Short: migrateShort, Fill: func(cmd *cobra.Command) {
		flags := &migrateFlags{}
		a.prepare(cmd)
		flags.define(cmd)
		shape := &verb{use: "migrate"}
		cmd.Use, cmd.Long, cmd.Example, cmd.DisableFlagsInUseLine = shape.use+" [flags]", migrateLong, migrateExample, true
		cmd.ValidArgsFunction = cobra.NoFileCompletions
		cmd.Args = func(c *cobra.Command, args []string) error { return a.countArguments(c, shape, args) }
		cmd.RunE = func(c *cobra.Command, _ []string) error { return a.migrate(c, flags) }
	}}
}

func (f *migrateFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.from, "from", "", "`STORE` that is left: sqlite:PATH or postgres:DSN")
	flags.StringVar(&f.to, "to", "", "new `STORE` that is filled")
	flags.BoolVar(&f.abort, "abort", false, "give the move up: the store of --from takes changes again")
	flags.BoolVar(&f.json, "json", false, "print one JSON document")
}

var (
	errNoFrom  = usage("--from is missing: state the store that is left, such as sqlite:/var/lib/keystile/keys.db")
	errNoTo    = usage("--to is missing: state the store that is to be filled, such as postgres:{env.DATABASE_URL}")
	errAbortTo = usage("--abort is about the store of --from alone: leave --to out")
)

func (f *migrateFlags) check() error {
	switch {
	case f.from == "":
		return errNoFrom
	case f.abort && f.to != "":
		return errAbortTo
	case !f.abort && f.to == "":
		return errNoTo
	}
	return nil
}

func (a *app) migrate(c *cobra.Command, flags *migrateFlags) error {
	if err := flags.check(); err != nil {
		return a.fail(c, err)
	}
	var said answer
	err := a.within(c.Context(), flags.from, false, func(from migrate.Store) (err error) {
		if flags.abort {
			said, err = abort(c.Context(), from)
			return err
		}
		return a.within(c.Context(), flags.to, true, func(to migrate.Store) (err error) {
			said, err = a.move(c, from, to)
			return err
		})
	})
	if err != nil {
		return a.fail(c, fmt.Errorf("migrate: %w", err))
	}
	if err := a.print(c, said, &task{json: flags.json}); err != nil {
		return a.fail(c, said.unprinted(&verb{changes: true}, err))
	}
	return nil
}

// within opens a store for fn.
func (a *app) within(ctx context.Context, address string, create bool, fn func(migrate.Store) error) error {
	store, err := a.OpenStore(ctx, address, create)
	if err != nil {
		return err
	}
	return errors.Join(fn(store), store.Close())
}

func abort(ctx context.Context, from migrate.Store) (answer, error) {
	return answer{
		document: struct {
			Aborted bool `json:"aborted"`
		}{true},
		text: func(p *page) {
			p.line("Given up: the store takes changes again. Drop the one that was to be filled, and make a new one, before another try.")
		},
	}, migrate.Abort(ctx, from)
}

// move runs a migration, and says how far it is to whoever watches.
func (a *app) move(c *cobra.Command, from, to migrate.Store) (answer, error) {
	m := &migrate.Migration{From: from, To: to, Now: a.now}
	if errs := c.ErrOrStderr(); a.interactive(errs) {
		m.Progress = func(t migrate.Table) {
			if t.Digest == "" {
				fmt.Fprintf(errs, "%s: copied\n", t.Name)
				return
			}
			fmt.Fprintf(errs, "%s: compared, %s\n", t.Name, counted(int(t.Rows), "row", "rows"))
		}
	}
	report, err := m.Run(c.Context())
	return answer{document: report, text: func(p *page) { movedText(p, report) }}, err
}

func movedText(p *page, r migrate.Report) {
	if r.Tables != nil {
		rows := make([][]string, 0, len(r.Tables))
		for _, t := range r.Tables {
			rows = append(rows, []string{t.Name, strconv.FormatInt(t.Rows, 10), t.Digest[:16]})
		}
		p.table([]column{{head: "TABLE"}, {head: "ROWS"}, {head: "SHA-256 OF BOTH"}}, rows)
		p.line("")
	}
	p.line("Brought over %s and %s that came since.", counted(r.Batches, "batch of usage", "batches of usage"),
		counted(r.Entries, "audit entry", "audit entries"))
	if r.Tables != nil {
		p.line("Now have the gates use the new store, and then run this once more for what they count until then.")
	}
}
