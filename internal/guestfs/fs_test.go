// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"

	"github.com/sealwax/sealwax/internal/peers"
)

func offer(t *testing.T, dir string, access Access) *FS {
	t.Helper()
	f, err := Open(dir, access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestZeroAccessWritesNothing calls every operation that could change a folder.
func TestZeroAccessWritesNothing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := state(t, dir)
	var access Access
	f := offer(t, dir, access)
	a, errno := f.OpenFile("a", sys.O_RDONLY, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer a.Close()
	_, writeErr := a.Write([]byte("x"))
	_, pwriteErr := a.Pwrite([]byte("x"), 0)
	for name, got := range map[string]sys.Errno{
		"mkdir": f.Mkdir("e", 0o777), "chmod": f.Chmod("a", 0o777), "rename": f.Rename("a", "c"), "rmdir": f.Rmdir("d"),
		"unlink": f.Unlink("a"), "link": f.Link("a", "c"), "symlink": f.Symlink("a", "c"), "utimens": f.Utimens("a", 1, 1),
		"file utimens": a.Utimens(1, 1), "truncate": a.Truncate(0), "write": writeErr, "pwrite": pwriteErr,
	} {
		if got != sys.EROFS {
			t.Errorf("%s: %v, want EROFS", name, got)
		}
	}
	for _, flag := range []sys.Oflag{sys.O_RDWR, sys.O_WRONLY, sys.O_CREAT, sys.O_TRUNC, sys.O_APPEND, sys.O_CREAT | sys.O_EXCL} {
		for _, name := range []string{"a", "new"} {
			if o, errno := f.OpenFile(name, flag, 0o666); errno != sys.EROFS {
				t.Errorf("open %s with %#x: %v, %v; want EROFS", name, flag, o, errno)
			}
		}
	}
	after := state(t, dir)
	if len(before) != len(after) {
		t.Fatalf("before %v, after %v", before, after)
	}
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("%s became %s", before[i], after[i])
		}
	}
}

func TestPathsStayInside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "..", "secret"), []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	f := offer(t, dir, ReadWrite)
	for _, p := range []string{"../secret", "x/../../secret", "/secret", filepath.Join(dir, "..", "secret"), "..", "../m/../secret"} {
		if _, errno := f.Stat(p); errno == 0 {
			t.Errorf("stat %q worked", p)
		}
		if _, errno := f.Lstat(p); errno == 0 {
			t.Errorf("lstat %q worked", p)
		}
		if _, errno := f.OpenFile(p, sys.O_RDONLY, 0); errno == 0 {
			t.Errorf("open %q worked", p)
		}
		if p[0] == '/' {
			continue // counts from the folder, see the next test
		}
		for name, errno := range map[string]sys.Errno{
			"create": create(f, p), "unlink": f.Unlink(p), "rmdir": f.Rmdir(p), "mkdir": f.Mkdir(p, 0o777), "rename from": f.Rename(p, "r"),
			"link": f.Link(p, "l"), "utimens": f.Utimens(p, 1, 1), "chmod": f.Chmod(p, 0),
		} {
			if errno == 0 {
				t.Errorf("%s %q worked", name, p)
			}
		}
	}
}

func TestEverythingCountsFromTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f := offer(t, dir, ReadWrite)
	if errno := f.Mkdir("/d", 0o777); errno != 0 {
		t.Fatal(errno)
	}
	if _, err := os.Stat(filepath.Join(dir, "d")); err != nil {
		t.Error(err)
	}
	for _, p := range []string{"//d", "/", "", "d/"} {
		if st, errno := f.Stat(p); errno != 0 || !st.Mode.IsDir() {
			t.Errorf("stat %q: %v %v", p, st.Mode, errno)
		}
	}
}

func create(f *FS, p string) sys.Errno {
	_, errno := f.OpenFile(p, sys.O_CREAT|sys.O_RDWR|sys.O_TRUNC, 0o666)
	return errno
}

func TestSymlinkTargets(t *testing.T) {
	for _, c := range []struct {
		dir, target string
		want        bool
	}{
		{".", "a", true},
		{".", "./a", true},
		{"d", "../a", true},
		{"d/e", "../../a", true},
		{".", "d/../a", true},
		{".", "..", false},
		{".", "../a", false},
		{"d", "../../a", false},
		{".", "/a", false},
		{".", "", false},
		{".", "d/../../a", false},
		{"d", "../d/../../m/a", false},
		{".", "a\x00b", false},
	} {
		if got := staysInside(c.dir, c.target); got != c.want {
			t.Errorf("staysInside(%q, %q) = %v", c.dir, c.target, got)
		}
	}
}

func TestNoFollow(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(dir, "l")); err != nil {
		peers.Missing(t, "no symbolic links: %v", err)
	}
	f := offer(t, dir, ReadWrite)
	if _, errno := f.OpenFile("l", sys.O_RDONLY|sys.O_NOFOLLOW, 0); errno != sys.ELOOP {
		t.Errorf("opening a link that must not be followed: %v, want ELOOP", errno)
	}
	if _, errno := f.OpenFile("l", sys.O_CREAT|sys.O_EXCL|sys.O_RDWR|sys.O_NOFOLLOW, 0o666); errno != sys.EEXIST {
		t.Errorf("creating over a link: %v, want EEXIST", errno)
	}
	if o, errno := f.OpenFile("l", sys.O_RDONLY, 0); errno != 0 {
		t.Errorf("following it: %v", errno)
	} else {
		o.Close()
	}
	if _, errno := f.OpenFile("a", sys.O_RDONLY|sys.O_DIRECTORY, 0); errno != sys.ENOTDIR {
		t.Errorf("a file as a folder: %v, want ENOTDIR", errno)
	}
}

func TestAppendCanBeSwitched(t *testing.T) {
	f := offer(t, t.TempDir(), ReadWrite)
	o, errno := f.OpenFile("log", sys.O_CREAT|sys.O_RDWR|sys.O_APPEND, 0o666)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer o.Close()
	write := func(s string) {
		if _, errno := o.Write([]byte(s)); errno != 0 {
			t.Fatal(errno)
		}
	}
	write("one ")
	_, _ = o.Seek(0, 0)
	write("two ")
	if errno := o.SetAppend(false); errno != 0 || o.IsAppend() {
		t.Fatal(errno)
	}
	_, _ = o.Seek(0, 0)
	write("ONE ")
	if errno := o.SetAppend(true); errno != 0 || !o.IsAppend() {
		t.Fatal(errno)
	}
	_, _ = o.Seek(0, 0)
	write("three")
	got := make([]byte, 100)
	n, errno := o.Pread(got, 0)
	if string(got[:n]) != "ONE two three" {
		t.Errorf("file holds %q, %v", got[:n], errno)
	}
}

func TestChmodSetsPermissionsOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f := offer(t, dir, ReadWrite)
	if errno := f.Chmod("a", os.ModeSetuid|0o755); errno != 0 {
		t.Fatal(errno)
	}
	st, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil || st.Mode()&os.ModeSetuid != 0 {
		t.Errorf("mode %v, err %v", st.Mode(), err)
	}
}

// TestFilesSayWhatIsWrong asks open files and folders for what they cannot do.
func TestFilesSayWhatIsWrong(t *testing.T) {
	f := offer(t, t.TempDir(), ReadWrite)
	file, errno := f.OpenFile("file", sys.O_CREAT|sys.O_RDWR, 0o666)
	if errno != 0 {
		t.Fatal(errno)
	}
	dir, errno := f.OpenFile(".", sys.O_RDONLY, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	b := []byte("x")
	second := func(_ any, errno sys.Errno) sys.Errno { return errno }
	_, appendDir := f.OpenFile(".", sys.O_RDONLY|sys.O_APPEND, 0)
	for name, c := range map[string]struct{ got, want sys.Errno }{
		"read a folder":         {second(dir.Read(b)), sys.EISDIR},
		"pread a folder":        {second(dir.Pread(b, 0)), sys.EISDIR},
		"write to a folder":     {second(dir.Write(b)), sys.EISDIR},
		"pwrite to a folder":    {second(dir.Pwrite(b, 0)), sys.EISDIR},
		"truncate a folder":     {dir.Truncate(0), sys.EISDIR},
		"append to a folder":    {dir.SetAppend(true), sys.EISDIR},
		"open it for append":    {appendDir, sys.EISDIR},
		"seek in a folder":      {second(dir.Seek(1, 0)), sys.EISDIR},
		"rewind a folder":       {second(dir.Seek(0, 0)), 0},
		"list a file":           {second(file.Readdir(1)), sys.EBADF},
		"pread before start":    {second(file.Pread(b, -1)), sys.EINVAL},
		"pwrite before start":   {second(file.Pwrite(b, -1)), sys.EINVAL},
		"seek before start":     {second(file.Seek(-1, 0)), sys.EINVAL},
		"seek to the next data": {second(file.Seek(0, 3)), sys.EINVAL},
		"negative whence":       {second(file.Seek(0, -1)), sys.EINVAL},
		"negative length":       {file.Truncate(-1), sys.EINVAL},
		"first of a folder":     {second(dir.Readdir(1)), 0},
		"rest of a folder":      {second(dir.Readdir(1)), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	for _, o := range []sys.File{file, dir} {
		for range 2 {
			if errno := o.Close(); errno != 0 {
				t.Errorf("closing: %v", errno)
			}
		}
	}
	if _, errno := file.Read(b); errno != sys.EBADF {
		t.Errorf("reading a closed file: %v, want EBADF", errno)
	}
	if _, errno := dir.Readdir(1); errno == 0 {
		t.Error("a closed folder could be listed")
	}
}

func TestAppendTwice(t *testing.T) {
	f := offer(t, t.TempDir(), ReadWrite)
	o, errno := f.OpenFile("log", sys.O_CREAT|sys.O_RDWR, 0o666)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer o.Close()
	for _, enable := range []bool{true, true, false, false, true} {
		if errno := o.SetAppend(enable); errno != 0 || o.IsAppend() != enable {
			t.Errorf("SetAppend(%v): %v, and now %v", enable, errno, o.IsAppend())
		}
	}
}

// TestTimesThatStay sets one of two times.
func TestTimesThatStay(t *testing.T) {
	dir := t.TempDir()
	f := offer(t, dir, ReadWrite)
	o, errno := f.OpenFile("file", sys.O_CREAT|sys.O_RDWR, 0o666)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer o.Close()
	const first, second = 1_000_000_000 * 1e9, 1_500_000_000 * 1e9
	for name, set := range map[string]func(atim, mtim int64) sys.Errno{
		"by name": func(atim, mtim int64) sys.Errno { return f.Utimens("file", atim, mtim) },
		"open":    o.Utimens,
	} {
		if errno := set(first, first); errno != 0 {
			t.Fatal(name, errno)
		}
		if errno := set(sys.UTIME_OMIT, second); errno != 0 {
			t.Error(name, errno)
		}
		if errno := set(sys.UTIME_OMIT, sys.UTIME_OMIT); errno != 0 {
			t.Error(name, errno)
		}
		st, errno := f.Stat("file")
		if errno != 0 || st.Atim != first || st.Mtim != second {
			t.Errorf("%s: %d %d %v, want %d %d", name, st.Atim, st.Mtim, errno, int64(first), int64(second))
		}
	}
}
