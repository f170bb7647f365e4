package problem

import "testing"

func TestABodyIsTheSameWhicheverWayItIsMade(t *testing.T) {
	t.Parallel()
	framed := 0
	for _, row := range Rows {
		for _, p := range []Problem{
			{RequestID: "0190c5f0-7d2b-4d0e-9c1a-5e0f6a9c0001"}, {RequestID: `"},{"`}, {RequestID: "<id>"}, {RequestID: "{id}"}, {},
			{RequestID: "1", Message: "Else."}, {RequestID: "1", Param: "name"}, {RequestID: "1", MissingScopes: []string{"a"}},
			{RequestID: "1", Method: "GET", Route: "GET /a", Carrier: "X: k", RetryAfter: 7e9},
		} {
			p.Code = row.Code
			if p.frame() != nil {
				framed++
			}
			if made, want := string(p.JSON()), string(p.marshal()); made != want {
				t.Errorf("%+v:\n%swant\n%s", p, made, want)
			}
		}
	}
	if framed == 0 {
		t.Error("no body was put together from parts")
	}
}
