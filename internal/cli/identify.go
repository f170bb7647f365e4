package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
)

const (
	keyMark   = "key_" // opens the ID of every key
	tokenMark = "tok_"
	hintChars = 4 // of a secret's end that a hint shows
)

var errTokenItself = errors.New("that is a management token itself, not its ID: an ID begins with " + tokenMark + ", and keystile tokens list shows it beside the token's last characters")

// checkID says what to do with an argument that is no ID, before anybody is
// asked: a secret must not travel in a path, nor be printed.
func checkID(c *cobra.Command, v *verb, args []string) error {
	words, _ := v.arguments()
	if len(words) == 0 || words[0] != "ID" {
		return nil
	}
	id, ofToken := args[0], c.Parent().Name() == "tokens"
	switch {
	case keys.CheckToken(id):
		return errTokenItself
	case keys.Whole(id):
		return errors.New("that is a key itself, not its ID: keystile keys list --search " + id[len(id)-hintChars:] + " finds it by its last characters")
	case ofToken && !strings.HasPrefix(id, tokenMark):
		return errors.New("the ID of a token begins with " + tokenMark + ": keystile tokens list shows it")
	case !ofToken && !strings.HasPrefix(id, keyMark):
		return errors.New("the ID of a key begins with " + keyMark + ": keystile keys list --search finds it by its name, or by the last characters of its secret")
	}
	return nil
}
