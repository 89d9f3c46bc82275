// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
)

// The test binary is also a process that writes records: as many as it is told,
// under a name of its own, and says each number when it is written.
const (
	writeEnv = "RECORD_TEST_WRITE" // the log
	nameEnv  = "RECORD_TEST_NAME"
	countEnv = "RECORD_TEST_COUNT"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(writeEnv); path != "" {
		n, _ := strconv.Atoi(os.Getenv(countEnv))
		if err := writeMany(small(path), os.Getenv(nameEnv), n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// small is a log of small files, many of them.
func small(path string) *Log { return &Log{Path: path, MaxBytes: 16 << 10, KeepFiles: 200} }

func writeMany(l *Log, name string, n int) error {
	for i := range n {
		r := sealwax.NewUndecided(fmt.Sprintf("%s/%d", name, i), errors.New("why"))
		if err := l.Write("test", r); err != nil {
			return err
		}
		fmt.Println(i)
	}
	return nil
}

func child(path, name string, n int) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), writeEnv+"="+path, nameEnv+"="+name, fmt.Sprintf("%s=%d", countEnv, n))
	c.Stderr = os.Stderr
	return c
}

// names are the artifacts' names in all files of a log. Every line must be whole.
func names(t *testing.T, l *Log) []string {
	t.Helper()
	files, err := filepath.Glob(l.Path + "*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, ".lock") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(text)) > l.MaxBytes {
			t.Errorf("%s has %d bytes", file, len(text))
		}
		for line := range strings.Lines(string(text)) {
			var d decision
			if err := json.Unmarshal([]byte(line), &struct {
				Artifact *artifact
			}{&d.Artifact}); err != nil || !strings.HasSuffix(line, "\n") {
				t.Errorf("%s: a torn line %q: %v", file, line, err)
			}
			out = append(out, d.Artifact.Name)
		}
	}
	return out
}

// TestProcesses: eight at once lose nothing and tear nothing, while files are
// finished under their hands.
func TestProcesses(t *testing.T) {
	l := small(filepath.Join(t.TempDir(), "log"))
	const processes, records = 8, 200
	var children []*exec.Cmd
	for p := range processes {
		c := child(l.Path, strconv.Itoa(p), records)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, c)
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	got := names(t, l)
	slices.Sort(got)
	if n := len(slices.Compact(slices.Clone(got))); n != processes*records || len(got) != n {
		t.Errorf("%d records, %d of them different, want %d", len(got), n, processes*records)
	}
	if _, err := os.Stat(numbered(l.Path, 10)); err != nil {
		t.Errorf("too few files were finished: %v", err)
	}
}

// TestKilled: whoever is killed has written whole records, all that it said, and
// the log goes on.
func TestKilled(t *testing.T) {
	l := small(filepath.Join(t.TempDir(), "log"))
	var said []string
	for round := range 8 {
		c := child(l.Path, strconv.Itoa(round), 1_000_000)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 30 + 17*round { // always at another place of the file
			lines.Scan()
			said = append(said, fmt.Sprintf("%d/%s", round, lines.Text()))
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
	}
	got := names(t, l)
	for _, name := range said {
		if !slices.Contains(got, name) {
			t.Errorf("the record of %s is lost", name)
		}
	}
}

func (l *Log) mustWrite(t *testing.T, name string) {
	t.Helper()
	if err := l.Write("test", sealwax.NewUndecided(name, errors.New("why"))); err != nil {
		t.Fatal(err)
	}
}

// TestRotation: files move up by one, the oldest goes, and a number that a killed
// process left out is filled.
func TestRotation(t *testing.T) {
	l := &Log{Path: filepath.Join(t.TempDir(), "log"), MaxBytes: 1, KeepFiles: 3}
	first := func(n int) string {
		path := l.Path
		if n > 0 {
			path = numbered(l.Path, n)
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "-"
		}
		_, rest, _ := strings.Cut(string(text), `"name":"`)
		name, _, _ := strings.Cut(rest, `"`)
		return name
	}
	state := func() string { return first(0) + first(1) + first(2) + first(3) + first(4) }
	for _, step := range [][2]string{
		{"a", "a----"}, {"b", "ba---"}, {"c", "cba--"}, {"d", "dcba-"}, {"e", "edcb-"},
	} {
		l.mustWrite(t, step[0])
		if got := state(); got != step[1] {
			t.Errorf("after %s: %s, want %s", step[0], got, step[1])
		}
	}
	if err := os.Rename(numbered(l.Path, 2), numbered(l.Path, 3)); err != nil { // killed here
		t.Fatal(err)
	}
	if l.mustWrite(t, "f"); state() != "fedc-" {
		t.Errorf("after a gap: %s", state())
	}
}

// TestRotationLimit: the line that would pass the limit is the first of the next
// file, and one that is larger than any limit is written all the same.
func TestRotationLimit(t *testing.T) {
	l := newLog(t)
	l.mustWrite(t, "a")
	size := int64(len(written(t, l)))
	l.MaxBytes = 2 * size
	l.mustWrite(t, "b")
	if got := int64(len(written(t, l))); got != 2*size {
		t.Errorf("%d bytes, want %d in one file", got, 2*size)
	}
	l.mustWrite(t, "c")
	if got := int64(len(written(t, l))); got != size {
		t.Errorf("%d bytes, want %d in the next", got, size)
	}
	if (&Log{}).MaxBytes != 0 || MaxBytes != 64<<20 || KeepFiles != 8 {
		t.Error("the limits are others than the manual says")
	}
}

// TestTornLine: what a full disk left of a line spoils no further line.
func TestTornLine(t *testing.T) {
	l := newLog(t)
	l.mustWrite(t, "a")
	whole := written(t, l)
	if err := os.WriteFile(l.Path, []byte(whole+`{"schema":`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.mustWrite(t, "a")
	if got := written(t, l); got != whole+`{"schema":`+"\n"+whole {
		t.Errorf("%q", got)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no such modes
	}
	l := newLog(t)
	l.MaxBytes = 1
	l.mustWrite(t, "a")
	l.mustWrite(t, "b")
	for path, want := range map[string]fs.FileMode{
		l.Path: 0o600, numbered(l.Path, 1): 0o600, l.Path + ".lock": 0o600, filepath.Dir(l.Path): 0o700 | fs.ModeDir,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// TestUnwritable: a log that cannot be kept is an error, which names it.
func TestUnwritable(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, path string) error
		want  string
	}{
		"a folder":         {func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
		"a link":           {func(_ *testing.T, path string) error { return os.Symlink(path+".else", path) }, "not a regular file"},
		"everybody's":      {func(_ *testing.T, path string) error { return makeOpen(path) }, "everybody may write"},
		"a lock elsewhere": {func(_ *testing.T, path string) error { return os.Symlink(path+".else", path+".lock") }, "locking"},
		"no folder":        {func(_ *testing.T, path string) error { return noFolder(path) }, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				return // making these takes privileges there
			}
			l := newLog(t)
			if err := os.MkdirAll(filepath.Dir(l.Path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := tc.spoil(t, l.Path); err != nil {
				t.Fatal(err)
			}
			errs := []error{l.Write("test", twoDemands()), l.Check()}
			if tc.want == "locking" {
				errs = errs[:1] // what lies beside it is not looked at
			}
			for _, err := range errs {
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), l.Path) {
					t.Errorf("%v, want %q", err, tc.want)
				}
			}
		})
	}
}

func makeOpen(path string) error {
	return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o602))
}

func noFolder(path string) error {
	dir := filepath.Dir(path)
	return errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600))
}

// TestCheck changes nothing, whatever it finds.
func TestCheck(t *testing.T) {
	l := newLog(t)
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(l.Path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder was made: %v", err)
	}
	l.mustWrite(t, "a")
	before := written(t, l)
	if err := l.Check(); err != nil || written(t, l) != before {
		t.Errorf("%v, %q", err, written(t, l))
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(filepath.Dir(l.Path), 0o500); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(l.Path)
	defer func() { _ = os.Chmod(dir, 0o700) }() // so that it can be removed
	l.Path = filepath.Join(dir, "deeper", "log")
	if err := l.Check(); (err == nil) != (os.Geteuid() == 0) { // who writes everywhere
		t.Errorf("a folder without the right to write: %v", err)
	}
	if mayMakeIn(filepath.Join(t.TempDir(), "missing")) == nil {
		t.Error("a folder in which nothing can be made is not noticed")
	}
}
