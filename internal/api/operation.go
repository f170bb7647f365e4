package api

import "reflect"

// operation is what a route does, and the types of its body and answer.
type operation struct {
	body, result reflect.Type // nil where there is none
	optional     bool         // the body can be left out
	run          func(*request) (any, error)
}

// call makes an operation that takes no body.
func call[Out any](do func(*request) (Out, error)) operation {
	return operation{
		result: reflect.TypeFor[Out](),
		run:    func(rq *request) (any, error) { return do(rq) },
	}
}

// order makes an operation without a body, here and there.
func order(do func(*request) error) operation {
	return operation{run: func(rq *request) (any, error) { return nil, do(rq) }}
}

// ask makes an operation with a JSON object as its body.
func ask[In, Out any](do func(*request, In) (Out, error)) operation {
	return operation{
		body: reflect.TypeFor[In](), result: reflect.TypeFor[Out](),
		run: func(rq *request) (any, error) {
			var in In
			if err := decode(rq.body, &in); err != nil {
				return nil, err
			}
			return do(rq, in)
		},
	}
}

// maybe is ask with a body that can be left out.
func maybe[In, Out any](do func(*request, In) (Out, error)) operation {
	op := ask(do)
	run := op.run
	op.optional = true
	op.run = func(rq *request) (any, error) {
		if len(rq.body) == 0 {
			rq.body = []byte("{}")
		}
		return run(rq)
	}
	return op
}
