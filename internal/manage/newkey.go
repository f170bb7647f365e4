package manage

import (
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// NewKey asks for a key. Empty fields get their defaults.
type NewKey struct {
	Name        string            `json:"name" doc:"3 to 100 characters." example:"Nightly export"`
	Description string            `json:"description,omitempty"`
	Environment keys.Environment  `json:"environment,omitempty" enum:"live,test" doc:"live unless stated."`
	Scopes      []string          `json:"scopes,omitempty" doc:"What the key may do. None: nothing that needs a scope."`
	Kind        keys.Kind         `json:"kind,omitempty" enum:"personal,project,ci" doc:"project with a project, else personal, unless stated."`
	Project     string            `json:"project,omitempty" doc:"A registered project. Empty: all of the workspace."`
	Owner       string            `json:"owner,omitempty" doc:"Whom the key was issued to. Of a personal key: its maker, unless stated."`
	ExpiresAt   string            `json:"expires_at,omitempty" format:"date-time"`
	ExpiresIn   string            `json:"expires_in,omitempty" example:"90d" doc:"Instead of expires_at: a duration in d, h, m, s."`
	Profile     string            `json:"profile,omitempty"`
	Plan        string            `json:"plan,omitempty" doc:"For the key's own rate limits; the workspace's plan unless stated."`
	AllowedIPs  []string          `json:"allowed_ips,omitempty" example:"[\"192.0.2.7\",\"10.0.0.0/8\"]" doc:"Addresses and CIDR blocks. None: any address."`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// draft is a key that is being put together: what was asked, and what stands
// so far.
type draft struct {
	ask   NewKey
	maker string
	now   time.Time
	key   *keys.Key
}

// keyRules settle one field each, in this order: later ones read what earlier
// ones set. None of them needs the store.
var keyRules = []func(*Manager, *draft) error{
	(*Manager).settleName,
	(*Manager).settleDescription,
	(*Manager).settleEnvironment,
	(*Manager).settleScopes,
	(*Manager).settleProject,
	(*Manager).settleKind,
	(*Manager).settleOwner,
	(*Manager).settleExpiry,
	(*Manager).settleProfile,
	(*Manager).settlePlan,
	(*Manager).settleAddresses,
	(*Manager).settleMetadata,
}

// draft turns what was asked into a key that obeys every rule that needs no
// store, without its secret.
func (m *Manager) draft(ask NewKey, maker, workspace string) (*keys.Key, error) {
	id := keys.NewID()
	d := &draft{ask: ask, maker: maker, now: m.now()}
	d.key = &keys.Key{
		ID: id, Lineage: id, Status: keys.Active,
		Workspace: workspace, CreatedBy: maker, CreatedAt: d.now,
	}
	for _, settle := range keyRules {
		if err := settle(m, d); err != nil {
			return nil, err
		}
	}
	return d.key, nil
}

func (m *Manager) settleName(d *draft) error {
	d.key.Name = strings.Trim(d.ask.Name, " ")
	if d.key.Name == "" && m.nameOptional {
		return nil // named in the transaction, where the others' names are known
	}
	return m.checkName(keyName, d.key.Name)
}

func (m *Manager) settleDescription(d *draft) error {
	d.key.Description = d.ask.Description
	return m.checkText(description, "description", d.key.Description)
}

func (m *Manager) settleEnvironment(d *draft) error {
	d.key.Environment = d.ask.Environment
	switch d.ask.Environment {
	case "":
		d.key.Environment = keys.Live
	case keys.Live, keys.Test:
	default:
		return invalid("environment", "must be live or test")
	}
	return nil
}

func (m *Manager) settleProject(d *draft) error {
	d.key.Project = d.ask.Project
	if d.key.Project == "" && m.requireProject {
		return invalid("project", "is needed: every key here belongs to one")
	}
	return nil
}

func (m *Manager) settleKind(d *draft) error {
	d.key.Kind = d.ask.Kind
	inProject := d.key.Project != ""
	switch {
	case d.ask.Kind == "" && inProject:
		d.key.Kind = keys.Project
	case d.ask.Kind == "":
		d.key.Kind = keys.Personal
	case d.ask.Kind == keys.Project && !inProject:
		return invalid("project", "is needed for a key of kind project")
	case d.ask.Kind == keys.Personal && inProject:
		return invalid("project", "can't be given for a key of kind personal")
	case d.ask.Kind != keys.Personal && d.ask.Kind != keys.Project && d.ask.Kind != keys.CI:
		return invalid("kind", "must be personal, project or ci")
	}
	return nil
}

func (m *Manager) settleOwner(d *draft) error {
	d.key.Owner = strings.Trim(d.ask.Owner, " ")
	if d.key.Owner == "" && d.key.Kind == keys.Personal {
		d.key.Owner = d.maker
		return nil
	}
	return m.checkText(owner, "owner", d.key.Owner)
}

func (m *Manager) settleExpiry(d *draft) error {
	at, err := expiry(d.ask.ExpiresAt, d.ask.ExpiresIn, d.now)
	d.key.ExpiresAt = at
	return err
}

func (m *Manager) settleProfile(d *draft) error {
	d.key.Profile = d.ask.Profile // looked up in the transaction
	return nil
}

func (m *Manager) settlePlan(d *draft) error {
	d.key.Plan = d.ask.Plan
	return m.planKnown(d.ask.Plan)
}

// planKnown refuses a plan that the configuration doesn't list; empty is the
// default one.
func (m *Manager) planKnown(plan string) error {
	switch {
	case plan == "" || has(m.catalogue.Plans, plan):
		return nil
	case len(m.catalogue.Plans) == 0:
		return invalid("plan", "must be of the configuration, which has none")
	}
	return invalid("plan", "must be of the configuration%s; known are: %s", unlike(plan), known(m.catalogue.Plans))
}
