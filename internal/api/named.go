package api

import (
	"context"

	"github.com/keystile/keystile/internal/manage"
)

// made is a thing that its name tells from others.
type made interface {
	// Made says what a creation has made, and whether an earlier call had.
	Made() (name string, replayed bool)
}

// creation is the operation that makes one of a list of such things.
func creation[In any, Out made](list string, create func(manage.Service, context.Context, manage.Call, In) (Out, error)) operation {
	return ask(func(rq *request, in In) (Out, error) {
		out, err := create(rq.service, rq.ctx, rq.call, in)
		if err == nil {
			name, replayed := out.Made()
			rq.locate(list, name)
			rq.replayed(replayed)
		}
		return out, err
	})
}

// listing is the operation that lists all that there are of something.
func listing[Out any](list func(manage.Service, context.Context, manage.Call) (manage.Page[Out], error)) operation {
	return call(func(rq *request) (manage.Page[Out], error) { return list(rq.service, rq.ctx, rq.call) })
}

// removal is the operation that deletes what the path names.
func removal(remove func(manage.Service, context.Context, manage.Call, string) error) operation {
	return order(func(rq *request) error { return remove(rq.service, rq.ctx, rq.call, rq.name) })
}
