package sqlcore

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/keys"
)

// KeyColumns are in the order of KeyRow.Dest.
const KeyColumns = `id, digest, pepper, name, description, hint, status, kind, environment, scopes, workspace, project,
	owner, created_by, created_at, expires_at, profile, plan, allowed_ips, metadata, replaces, replaced_by, lineage`

type (
	text   = sql.Null[string]
	number = sql.Null[int64]
)

// KeyRow is a row of keys as it is stored; all NULL where a join found none.
type KeyRow struct {
	id                                                      text
	digest                                                  []byte
	pepper                                                  text
	name, description, hint, status, kind, env, scopes      text
	workspace, project, owner, createdBy                    text
	createdAt, expiresAt                                    number
	profile, plan, addresses, metadata, replaces, successor text
	lineage                                                 text
}

// Dest is where the columns go.
func (r *KeyRow) Dest() []any {
	return []any{
		&r.id, &r.digest, &r.pepper, &r.name, &r.description, &r.hint, &r.status, &r.kind, &r.env, &r.scopes, &r.workspace, &r.project,
		&r.owner, &r.createdBy, &r.createdAt, &r.expiresAt, &r.profile, &r.plan, &r.addresses, &r.metadata,
		&r.replaces, &r.successor, &r.lineage,
	}
}

// Found reports whether there is a row.
func (r *KeyRow) Found() bool { return r.id.Valid }

// Key reads the row, or says what is wrong with it: a row that can't be read
// in full is no key.
func (r *KeyRow) Key() (*keys.Key, error) {
	digest, badDigest := toDigest(r.digest)
	scopes, badScopes := decodeList(r.scopes.V)
	addresses, badAddresses := decodeList(r.addresses.V)
	metadata, badMetadata := decodeMap(r.metadata.V)
	key := &keys.Key{
		ID: keys.ID(r.id.V), Digest: digest, Pepper: keys.PepperID(r.pepper.V), Name: r.name.V, Description: r.description.V, Hint: r.hint.V,
		Status: keys.Status(r.status.V), Kind: keys.Kind(r.kind.V), Environment: keys.Environment(r.env.V),
		Scopes: scopes, Workspace: r.workspace.V, Project: r.project.V, Owner: r.owner.V, CreatedBy: r.createdBy.V,
		CreatedAt: FromMicros(r.createdAt.V), ExpiresAt: fromNull(r.expiresAt), Profile: r.profile.V, Plan: r.plan.V,
		AllowedIPs: addresses, Metadata: metadata, Replaces: keys.ID(r.replaces.V), ReplacedBy: keys.ID(r.successor.V),
		Lineage: keys.ID(r.lineage.V),
	}
	err := cmp.Or(badDigest, attribute("scopes", badScopes), attribute("allowed_ips", badAddresses),
		attribute("metadata", badMetadata), check(key))
	if err != nil {
		return nil, &CorruptionError{"key", r.id.V, err}
	}
	return key, nil
}

func attribute(column string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", column, err)
}

// check refuses what no key can be, when it is written and when it is read.
func check(key *keys.Key) error {
	switch {
	case key.ID == "":
		return errors.New("it has no ID")
	case key.Workspace == "":
		return errors.New("it has no workspace")
	case !slices.Contains([]keys.Status{keys.Active, keys.Inactive, keys.Revoked}, key.Status):
		return fmt.Errorf("its status is %q", key.Status)
	case !slices.Contains(keys.Environments, key.Environment):
		return fmt.Errorf("its environment is %q", key.Environment)
	}
	return nil
}

// keyArgs are the values of KeyColumns, and of search.
func keyArgs(k *keys.Key) ([]any, error) {
	scopes, badScopes := encodeList(k.Scopes)
	addresses, badAddresses := encodeList(k.AllowedIPs)
	metadata, badMetadata := encodeMap(k.Metadata)
	if err := cmp.Or(check(k), badScopes, badAddresses, badMetadata); err != nil {
		return nil, fmt.Errorf("key %s can't be stored: %w", k.ID, err)
	}
	return []any{
		k.ID, k.Digest[:], k.Pepper, k.Name, k.Description, k.Hint, k.Status, k.Kind, k.Environment, scopes, k.Workspace, k.Project,
		k.Owner, k.CreatedBy, Micros(k.CreatedAt), orNull(k.ExpiresAt), k.Profile, k.Plan, addresses, metadata,
		k.Replaces, k.ReplacedBy, k.Lineage, searchable(k),
	}, nil
}

// Between separates what a query may be part of: no name holds it.
const Between = "\x1f"

func searchable(k *keys.Key) string {
	return strings.ToLower(strings.Join([]string{k.Name, k.Hint, string(k.ID)}, Between))
}
