package archtest

var callSamples = map[string]sample{
	"a clock of one's own": {
		rule: always(callRule),
		files: map[string]string{
			"low/a.go":         "package low\n\nimport \"time\"\n\nvar now = time.Now\n\nfunc f() { _ = time.Since(now()) }\n",
			"low/renamed.go":   "package low\n\nimport clock \"time\"\n\nfunc g() { _ = clock.Until(clock.Time{}) }\n",
			"low/timer.go":     "package low\n\nimport \"time\"\n\nfunc h() { time.NewTimer(time.Second) }\n",
			"low/a_test.go":    "package low\n\nimport \"time\"\n\nvar start = time.Now()\n",
			"cmd/x/main.go":    "package main\n\nimport \"time\"\n\nvar now = time.Now\n",
			"caddymodule/a.go": "package caddymodule\n\nimport \"time\"\n\nvar now = time.Now\n",
		},
		want: []string{"low/a.go:5", "low/a.go:7", "low/renamed.go:5"},
	},
	"a sleep": {
		rule: always(callRule),
		files: map[string]string{
			"cmd/x/main.go":      "package main\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n",
			"low/a_test.go":      "package low\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n",
			"low/bubble_test.go": "package low\n\nimport (\n\t\"testing/synctest\"\n\t\"time\"\n)\n\nfunc f() { synctest.Test(nil, func() { time.Sleep(1) }) }\n",
		},
		want: []string{"cmd/x/main.go:5", "low/a_test.go:5"},
	},
	"a word to the terminal": {
		rule: always(callRule),
		files: map[string]string{
			"caddymodule/a.go":  "package caddymodule\n\nimport \"fmt\"\n\nfunc f() {\n\tfmt.Println()\n\tfmt.Printf(\"\")\n\tfmt.Print()\n\t_ = fmt.Sprint()\n}\n",
			"low/a.go":          "package low\n\nimport \"log\"\n\nfunc f() { log.Printf(\"\") }\n",
			"low/b.go":          "package low\n\nimport \"os\"\n\nfunc g() { os.Stderr.Close(); os.Exit(1) }\n",
			"low/c.go":          "package low\n\nfunc h() { println() }\n",
			"low/d.go":          "package low\n\nimport \"m/log\"\n\nfunc i() { log.Printf(\"\") }\n",
			"internal/cli/a.go": "package cli\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc f() { fmt.Print(); os.Exit(2) }\n",
			"cmd/x/main.go":     "package main\n\nimport \"log\"\n\nfunc main() { log.Fatal() }\n",
		},
		want: []string{"caddymodule/a.go:6", "caddymodule/a.go:7", "caddymodule/a.go:8", "low/a.go:5", "low/b.go:5", "low/b.go:5", "low/c.go:3"},
	},
	"a dot import": {
		rule:  always(callRule),
		files: map[string]string{"low/a.go": "package low\n\nimport . \"time\"\n\nvar now = Now\n"},
		want:  []string{"low/a.go:3"},
	},

	"an error told by its text": {
		rule: always(errorTextRule),
		files: map[string]string{
			"low/a.go": "package low\n\nimport \"strings\"\n\nfunc f(err error) bool {\n" +
				"\tif err.Error() == \"gone\" {\n\t\treturn true\n\t}\n" +
				"\tswitch err.Error() {\n\tcase \"gone\":\n\t\treturn true\n\t}\n" +
				"\tif pattern.MatchString(err.Error()) {\n\t\treturn true\n\t}\n" +
				"\treturn strings.Contains(strings.ToLower(err.Error()), \"gone\")\n}\n",
			"low/good.go":   "package low\n\nfunc g(err error) string { return strings.ReplaceAll(err.Error(), \"\\n\", \" \") }\n",
			"low/a_test.go": "package low\n\nfunc h(err error) bool { return err.Error() == \"gone\" }\n",
		},
		want: []string{"low/a.go:6", "low/a.go:9", "low/a.go:13", "low/a.go:16"},
	},

	"a secret revealed, and one that isn't any more": {
		rule: always(revealRule(map[string]string{"low/reviewed.go": "hashes it", "low/mended.go": "did print it"})),
		files: map[string]string{
			"low/reviewed.go": "package low\n\nvar a = s.Reveal()\n",
			"low/a.go":        "package low\n\nvar b = s.Reveal()\n\nvar f = s.Reveal\n",
			"low/mended.go":   "package low\n",
			"low/a_test.go":   "package low\n\nvar c = s.Reveal()\n",
		},
		want: []string{"low/a.go:3", "low/a.go:5", "low/mended.go:1"},
	},
}
