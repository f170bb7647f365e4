package sqlite

import (
	"strings"
	"testing"
)

const mountTable = `22 28 0:21 / /proc rw,nosuid - proc proc rw
28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
90 28 0:50 / /mnt/with\040space rw shared:5 master:1 - fuse.sshfs user@host:/srv rw,user_id=0
91 28 0:51 / /mnt/vault rw - fuse.gocryptfs /crypt rw
short
- - -
`

func TestFileSystemsInUserSpaceAreToldByTheTableOfMounts(t *testing.T) {
	t.Parallel()
	for device, want := range map[string]string{"0:50": "fuse.sshfs", "0:51": "fuse.gocryptfs", "254:0": "ext4", "9:9": ""} {
		if got := mountedAs(strings.NewReader(mountTable), device); got != want {
			t.Errorf("%s: got %q, want %q", device, got, want)
		}
	}
	if !remote["fuse.sshfs"] || remote["fuse.gocryptfs"] {
		t.Error("sshfs must pass for remote, and gocryptfs for local")
	}
	if got := deviceOf(254 << 8); got != "254:0" {
		t.Errorf("got device %s", got)
	}
}

func TestLocalFolderIsNoNetworkFileSystem(t *testing.T) {
	t.Parallel()
	if on, err := statfs(t.TempDir()); err != nil || on.network != "" {
		t.Errorf("got %+v (%v)", on, err)
	}
	if _, err := fuseMount(t.TempDir()); err != nil {
		t.Error(err)
	}
	if _, err := statfs("/nonexistent/folder"); err == nil {
		t.Error("a folder that isn't there has a file system")
	}
}

func FuzzMountTable(f *testing.F) {
	f.Add(mountTable, "0:50")
	f.Add("", "")
	f.Fuzz(func(_ *testing.T, table, device string) { mountedAs(strings.NewReader(table), device) })
}
