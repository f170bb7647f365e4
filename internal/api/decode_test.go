package api

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name":"good","scopes":["a","b"],"metadata":{"a":"b"}}`, `{"name":null}`, `{"name":1}`, `{"sudo":1}`,
		`{"name":"a","name":"b"}`, `[]`, `null`, ``, `{"name":"a"}}`, "{\"name\":\"\xff\"}", `{"metadata":{"a":{}}}`, `{"scopes":[[]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want manage.NewKey
		err := decode(body, &got)
		if err != nil {
			refused, ok := errors.AsType[*manage.Error](err)
			if !ok || refused.Problem.Code != problem.InvalidJSON && refused.Problem.Code != problem.InvalidRequest {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if err := json.Unmarshal(body, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is read as %+v; encoding/json reads %+v, %v", body, got, want, err)
		}
	})
}
