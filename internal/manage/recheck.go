package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Recheck says whether an actor that was let in before is still to be, from the
// address that it bears now: its token or key has neither ended nor lost the
// right since. It returns the actor as the store has it by now. What it refuses
// is what Authenticate would.
func (m *Manager) Recheck(ctx context.Context, actor Actor) (Actor, error) {
	now := actor
	err := m.view(ctx, "find token", func(r storage.Reader) error {
		switch actor.Kind {
		case ActorToken, ActorOperator:
			token, err := r.Token(ctx, actor.ID)
			if err != nil {
				return foundActor(err)
			}
			if token.Expired(m.now()) || token.Workspace != actor.Workspace {
				return invalidToken()
			}
			now.Name = token.Name
			return nil
		case ActorKey:
			key, err := r.Key(ctx, keys.ID(actor.ID))
			if err != nil {
				return foundActor(err)
			}
			if key.Workspace != actor.Workspace || key.Project != actor.Project {
				return invalidToken()
			}
			now.Name = key.Name
			return m.mayManage(key, actor.Address)
		case ActorCommand:
		}
		return invalidToken()
	})
	return now, err
}
