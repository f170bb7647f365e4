package caddymodule

import "strconv"

// ownVerifyOptions is what may stand in the directive keystile_verify beside all
// that keystile takes.
var ownVerifyOptions = options[*Verify]{
	{
		name: "trusted", usage: "CIDR [CIDR…]",
		help: "The proxies that are believed about the request that they ask about, and about its client: those of the server's trusted_proxies unless stated.",
		read: setTexts("trusted", func(v *Verify) *[]string { return &v.Trusted }),
	},
	{
		name: "target", usage: "forwarded|request",
		help: "Which request is judged: the one that X-Forwarded-* or X-Original-* headers tell of, or, for Envoy, the asking one.",
		read: setText("target", func(v *Verify) *string { return &v.Target }),
	},
	{
		name: "deny_status", usage: "403",
		help: "Every refusal is a 403, with its status in Keystile-Status and its JSON in Keystile-Error, for nginx, which turns other statuses into 500.",
		read: readDenyStatus,
	},
}

// verifyOptions is all that may stand in the directive keystile_verify.
var verifyOptions = append(lift(gateOptions, func(v *Verify) *Policy { return &v.Policy }), ownVerifyOptions...)

// lift makes the rows of a part's table rows of a whole's, whose JSON holds the
// part's fields among its own.
func lift[T, U any](of options[T], part func(U) T) options[U] {
	lifted := make(options[U], len(of))
	for i, row := range of {
		lifted[i] = option[U]{
			name: row.name, usage: row.usage, help: row.help, repeats: row.repeats,
			read: func(b block[U], args []string) error {
				return row.read(block[T]{Dispenser: b.Dispenser, to: part(b.to), path: b.path, start: b.start, marks: b.marks}, args)
			},
		}
	}
	return lifted
}

func readDenyStatus(b block[*Verify], args []string) error {
	status, err := strconv.Atoi(args[0])
	if err != nil {
		return errUsage
	}
	b.mark("deny_status")
	b.to.DenyStatus = status
	return nil
}
