package scan_test

import (
	"strings"
	"testing"
)

// log is what git prints, with @1 and @2 for secrets.
const log = `commit 1111111111111111111111111111111111111111 (HEAD -> main)
Author: Ann <ann@example.com>

    Take the key out

diff --git a/old.txt b/old.txt
deleted file mode 100644
--- a/old.txt
+++ /dev/null
@@ -1,2 +0,0 @@
-before
-key @1

commit 2222222222222222222222222222222222222222
Merge: 333 444
Author: Ann <ann@example.com>

    Merge; the message says @2

diff --cc both.txt
index 1,2..3
--- a/both.txt
+++ b/both.txt
@@@ -1,2 -1,2 +1,4 @@@
  same
 +ours
+ theirs
++key @3

commit 3333333333333333333333333333333333333333
Author: Ann <ann@example.com>

    Put it in

diff --git a/old.txt b/old.txt
new file mode 100644
--- /dev/null
+++ b/old.txt
@@ -0,0 +1,2 @@
+before
+key @1
diff --git "a/f\303\274r @4.txt" "b/f\303\274r @4.txt"
--- "a/f\303\274r @4.txt"
+++ "b/f\303\274r @4.txt"
@@ -10,3 +20,4 @@ func key()
 context

-gone @5
+++ here
+--- b/none @5
\ No newline at end of file
`

func TestAHistoryNamesCommitFileAndLine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	text, secrets := log, map[string]string{}
	for _, mark := range []string{"@1", "@2", "@3", "@4", "@5"} {
		secrets[mark] = f.secret()
		text = strings.ReplaceAll(text, mark, secrets[mark])
	}
	if err := f.History(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	two, three := strings.Repeat("2", 40), strings.Repeat("3", 40)
	hint := f.Masked(secrets["@4"])
	f.want(t,
		secrets["@1"]+" "+three+" old.txt:2",
		secrets["@2"]+" "+two+" :0",
		secrets["@3"]+" "+two+" both.txt:4",
		secrets["@4"]+" "+three+" :0",
		secrets["@5"]+" "+three+" für "+hint+".txt:23",
	)
}

func TestASecretThatIsOnlyTakenOutIsFoundWhereItWas(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	head, _, _ := strings.Cut(strings.ReplaceAll(log, "@1", secret), "\ncommit 2222")
	if err := f.History(strings.NewReader(head)); err != nil {
		t.Fatal(err)
	}
	f.want(t, secret+" "+strings.Repeat("1", 40)+" old.txt:2")
}

func TestAnyOtherTextOnStandardInputIsReadAsWell(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.secret()
	if err := f.History(strings.NewReader("a line\nanother one: " + secret)); err != nil {
		t.Fatal(err)
	}
	f.want(t, secret+"  standard input:2")
}

func FuzzAHistoryOfAnythingIsRead(f *testing.F) {
	f.Add(log)
	f.Add("@@@ -1 -1 +1 @@@\n++x")
	f.Add("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+")
	f.Fuzz(func(t *testing.T, text string) {
		s := setup(t)
		secret := s.secret()
		if err := s.History(strings.NewReader(text + "\n" + secret + "\n" + text)); err != nil {
			t.Fatal(err)
		}
		if found := s.Finds(); len(found) == 0 || len(found[0].Places) == 0 {
			t.Errorf("the secret in it isn't found")
		}
	})
}
