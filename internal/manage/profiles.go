package manage

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// NewProfile asks for a profile.
type NewProfile struct {
	Name string `json:"name" doc:"1 to 100 characters." example:"strict"`
}

// ProfileView is a profile as everybody sees it.
type ProfileView struct {
	Name      string    `json:"name"`
	Workspace string    `json:"workspace"`
	CreatedAt time.Time `json:"created_at"`
	// Replayed: as of a CreatedKey.
	Replayed bool `json:"-"`
}

// Made says what a creation has made, and whether an earlier call had.
func (v ProfileView) Made() (name string, replayed bool) { return v.Name, v.Replayed }

// CreateProfile implements Service.
func (m *Manager) CreateProfile(ctx context.Context, call Call, ask NewProfile) (ProfileView, error) {
	d, err := m.govern(ctx, call, "profile.create")
	if err != nil {
		return ProfileView{}, err
	}
	p := storage.Profile{Name: strings.Trim(ask.Name, " "), Workspace: d.workspace, CreatedAt: m.now()}
	if err := m.checkName(profileName, p.Name); err != nil {
		return ProfileView{}, err
	}
	if p.Name == "." || p.Name == ".." { // neither can be a segment of a path, by which it would be deleted
		return ProfileView{}, invalid("name", "must be more than dots")
	}
	out := viewOfProfile(p)
	err = m.once(ctx, d, "create profile", creating{
		ask:  ask,
		make: func(tx storage.Tx, _ reach) (string, error) { return p.Name, m.createProfile(ctx, tx, d, p) },
		again: func(tx storage.Tx, _ reach, made string) error {
			p, err := tx.Profile(ctx, d.workspace, made)
			out = viewOfProfile(p)
			out.Replayed = true
			return found("profile", err)
		},
	})
	if err != nil {
		return ProfileView{}, err
	}
	return out, nil
}

func (m *Manager) createProfile(ctx context.Context, tx storage.Tx, d deed, p storage.Profile) error {
	if _, err := workspaceExists(ctx, tx, p.Workspace); err != nil {
		return err
	}
	if err := tx.InsertProfile(ctx, p); err != nil {
		return taken("profile", err)
	}
	entry := m.entry(d.call, d.workspace, d.action)
	entry.Target = p.Name
	return tx.AppendAudit(ctx, entry)
}

// ListProfiles implements Service.
func (m *Manager) ListProfiles(ctx context.Context, call Call) (Page[ProfileView], error) {
	workspace, err := m.enter(ctx, call, "profile.list")
	if err != nil {
		return Page[ProfileView]{}, err
	}
	var out Page[ProfileView]
	err = m.view(ctx, "list profiles", func(r storage.Reader) error {
		if _, err := workspaceExists(ctx, r, workspace); err != nil {
			return err
		}
		all, err := r.Profiles(ctx, workspace)
		out = page[ProfileView](nil)
		for _, p := range all {
			out.Data = append(out.Data, viewOfProfile(p))
		}
		return err
	})
	return out, err
}

// DeleteProfile implements Service.
func (m *Manager) DeleteProfile(ctx context.Context, call Call, name string) error {
	d, err := m.govern(ctx, call, "profile.delete")
	if err != nil {
		return err
	}
	if profileName.check("name", name) != nil {
		return notFound("profile")
	}
	return m.act(ctx, d, "delete profile", func(tx storage.Tx, _ reach) error {
		if _, err := workspaceExists(ctx, tx, d.workspace); err != nil {
			return err
		}
		if err := tx.DeleteProfile(ctx, d.workspace, name); err != nil {
			return found("profile", err)
		}
		used, err := tx.ProfileInUse(ctx, d.workspace, name)
		if err != nil {
			return err
		}
		if used {
			return refuse(problem.InUse, "", "Keys have this profile still. Give them another one first, or none.")
		}
		entry := m.entry(call, d.workspace, d.action)
		entry.Target = name
		return tx.AppendAudit(ctx, entry)
	})
}

// profileKnown refuses a key with a profile that its workspace doesn't have.
func profileKnown(ctx context.Context, r storage.Reader, key *keys.Key) error {
	if key.Profile == "" {
		return nil
	}
	if profileName.check("profile", key.Profile) != nil {
		return unknownProfile(key.Profile)
	}
	_, err := r.Profile(ctx, key.Workspace, key.Profile)
	if errors.Is(err, storage.ErrNotFound) {
		return unknownProfile(key.Profile)
	}
	return err
}

func unknownProfile(name string) error {
	return invalid("profile", "must be registered in the workspace%s: keystile profiles create, or POST /v1/profiles, does that", unlike(name))
}

func viewOfProfile(p storage.Profile) ProfileView {
	return ProfileView{Name: p.Name, Workspace: p.Workspace, CreatedAt: p.CreatedAt.UTC()}
}
