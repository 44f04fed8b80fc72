package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCrashPowerCut cuts the power of SQLite's disk, which kill -9 does not: a killed process leaves what it wrote in
// the page cache. The store lies on an ext4 image behind a loop device. The server is stopped, and the image copied:
// the copy holds only what the file system had pushed to its disk. Everything goes on with the copy.
func TestCrashPowerCut(t *testing.T) {
	cuts := asked(t, "PARLEY_TEST_POWERCUT", "power cuts of the disk under SQLite, which need root and loop devices")
	d := newDisk(t)
	x := newTrial(t, "sqlite:"+filepath.Join(d.mounted, "parley.db"))
	for range cuts {
		x.calm()
		if err := x.site.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		next := d.copyAsCut(t)
		x.site.Kill()
		d.replace(t, next)
		if _, err := x.site.Start(); err != nil {
			t.Fatal(err)
		}
	}
	x.finish(fmt.Sprintf("%d power cuts on SQLite, %d of which lost what was never synced", cuts, d.lost))
	if d.lost == 0 {
		t.Error("no cut lost what was never synced: they prove nothing")
	}
}

// disk is an ext4 file system in a file.
type disk struct {
	folder, image, mounted string
	cuts                   int
	lost                   int // canaries
}

const diskSize = 256 << 20

func newDisk(t *testing.T) *disk {
	t.Helper()
	folder := t.TempDir()
	d := &disk{folder: folder, image: filepath.Join(folder, "0.img"), mounted: filepath.Join(folder, "mounted")}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.image, diskSize); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(d.mounted, 0o700); err != nil {
		t.Fatal(err)
	}
	command(t, "mkfs.ext4", "-q", d.image)
	d.mount(t)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", d.mounted).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", d.mounted, err, out)
		}
	})
	return d
}

func (d *disk) mount(t *testing.T) {
	t.Helper()
	// The file system pushes nothing by itself for a minute: what is on the disk is there because somebody asked.
	command(t, "mount", "-o", "loop,commit=60", d.image, d.mounted)
}

// canary is a file that nobody asks to be on the disk. It lives through a cut only when the file system was about to
// push everything at that moment, for the server or by itself.
func (d *disk) canary() string { return filepath.Join(d.mounted, fmt.Sprintf("canary-%d", d.cuts)) }

const tweet = "tweet"

// copyAsCut copies the image as the disk is at this moment, and returns the copy's name.
func (d *disk) copyAsCut(t *testing.T) string {
	t.Helper()
	d.cuts++
	if err := os.WriteFile(d.canary(), []byte(tweet), 0o600); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(d.folder, fmt.Sprintf("%d.img", d.cuts))
	command(t, "cp", "--sparse=always", d.image, next)
	return next
}

// replace puts the copy in the disk's place.
func (d *disk) replace(t *testing.T, next string) {
	t.Helper()
	d.unmount(t)
	if err := os.Remove(d.image); err != nil {
		t.Fatal(err)
	}
	d.image = next
	d.mount(t)
	if raw, err := os.ReadFile(d.canary()); err != nil || string(raw) != tweet {
		d.lost++
	}
}

// unmount waits for the killed server's last file to be closed.
func (d *disk) unmount(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		out, err := exec.Command("umount", d.mounted).CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("umount %s: %v: %s", d.mounted, err, out)
		}
		time.Sleep(breath)
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}
