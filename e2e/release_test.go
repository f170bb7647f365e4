package e2e

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// releaseFlags are what .goreleaser.yaml gives to go build, as arguments.
func releaseFlags(t *testing.T) []string {
	t.Helper()
	text := read(t, "../.goreleaser.yaml")
	list := func(name string) string {
		found := regexp.MustCompile(`(?m)^    ` + name + `: \[(.*?)\]`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf(".goreleaser.yaml has no %s of its build", name)
		}
		return found[1]
	}
	return []string{list("flags"), "-ldflags=" + list("ldflags"), "-tags=" + strings.ReplaceAll(list("tags"), ", ", ",")}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEachWayToBuildAReleaseHasTheSameFlags(t *testing.T) {
	t.Parallel()
	flags := releaseFlags(t)
	toml := read(t, "../xcaddy.toml")
	image := strings.ReplaceAll(read(t, "../deploy/Dockerfile"), "'", "")
	for _, flag := range flags {
		if !strings.Contains(toml, `"`+flag+`"`) {
			t.Errorf("xcaddy.toml doesn't have %s", flag)
		}
		if !strings.Contains(image, flag) {
			t.Errorf("deploy/Dockerfile doesn't have %s", flag)
		}
	}
	for file, text := range map[string]string{"xcaddy.toml": `CGO_ENABLED = "0"`, "deploy/Dockerfile": "CGO_ENABLED=0", ".goreleaser.yaml": "CGO_ENABLED=0"} {
		if !strings.Contains(read(t, "../"+file), text) {
			t.Errorf("%s builds with C", file)
		}
	}
}

// Nobody needs to trust whoever built a release: the same source makes the same
// bytes, whoever builds it, and wherever it lies.
func TestAReleaseCanBeBuiltAgainByteForByte(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for _, part := range []string{"cmd", "internal", "caddymodule"} {
		if err := os.CopyFS(filepath.Join(elsewhere, part), os.DirFS("../"+part)); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "plugin.go"} {
		put(t, filepath.Join(elsewhere, file), read(t, "../"+file))
	}
	var sums [][sha256.Size]byte
	for _, folder := range []string{"..", elsewhere} {
		built := filepath.Join(t.TempDir(), "keystile")
		cmd := exec.Command("go", append(append([]string{"build", "-buildvcs=false"}, releaseFlags(t)...), "-o", built, "./cmd/keystile")...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "HOME="+elsewhere, "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		sums = append(sums, sha256.Sum256([]byte(read(t, built))))
	}
	if sums[0] != sums[1] {
		t.Error("two builds of one source differ")
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// What runs in a container is one file, as nobody, without a system beside it.
func TestTheImageHoldsOneFileAndRunsAsNobody(t *testing.T) {
	t.Parallel()
	text := read(t, "../deploy/Dockerfile")
	_, last, found := strings.Cut(text, "\nFROM scratch\n")
	if !found || strings.Contains(last, "\nFROM ") {
		t.Fatal("the image isn't made from nothing")
	}
	var words []string
	for line := range strings.Lines(last) {
		if word, _, _ := strings.Cut(line, " "); strings.ToUpper(word) == word && strings.TrimSpace(word) != "" && word != "#" {
			words = append(words, strings.TrimSpace(line))
		}
	}
	for _, want := range []string{"USER 65532:65532", "VOLUME /data", `ENTRYPOINT ["/usr/bin/keystile"]`} {
		if !slices.Contains(words, want) {
			t.Errorf("%s is missing among %q", want, words)
		}
	}
	if slices.ContainsFunc(words, func(line string) bool { return strings.HasPrefix(line, "RUN ") || strings.HasPrefix(line, "ADD ") }) {
		t.Errorf("it runs or adds something: %q", words)
	}
	// What the commands name is what the build stage makes.
	if !strings.Contains(text, "-o /image/usr/bin/keystile ./cmd/keystile") || !strings.Contains(last, "COPY --from=build /image/ /") {
		t.Error("the file isn't where the entry point looks for it")
	}
}
