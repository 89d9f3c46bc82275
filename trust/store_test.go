// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
)

// The test binary is also another process that adds pins.
const (
	addEnv  = "TRUST_TEST_ADD"  // a configuration folder
	nameEnv = "TRUST_TEST_NAME" // the prefix of the names, also the first key's number
)

const addCount = 25

func TestMain(m *testing.M) {
	if dir := os.Getenv(addEnv); dir != "" {
		if err := addMany(dir, os.Getenv(nameEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if name := os.Getenv(crashEnv); name != "" {
		if err := crash(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// addMany adds pins until it is done or dies, and says which are there.
func addMany(dir, prefix string) error {
	all, err := ParsePattern("*")
	if err != nil {
		return err
	}
	for i := range addCount {
		k, err := numberedKey(1000*int(prefix[0]) + i)
		if err != nil {
			return err
		}
		p := Pin{Name: fmt.Sprintf("%s-%d", prefix, i), Key: k, For: []Pattern{all}, Role: sealwax.RoleRelease, Added: day}
		if err := openStore(dir).Add(context.Background(), p); err != nil {
			return err
		}
		fmt.Println(p.Name)
	}
	return nil
}

func adder(dir, prefix string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), addEnv+"="+dir, nameEnv+"="+prefix)
	return c
}

// openStore is the store whose state is beside its configuration.
func openStore(config string) *Store { return OpenStore(config, config+"-state") }

// storeWith is a store that holds pins.
func storeWith(t testing.TB, pins ...Pin) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "config")
	s := openStore(dir)
	for _, p := range pins {
		if err := s.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return s, dir
}

func namesOf(pins []Pin) []string {
	var out []string
	for _, p := range pins {
		out = append(out, p.Name)
	}
	return out
}

func checkList(t *testing.T, s *Store, want ...string) {
	t.Helper()
	pins, err := s.List(t.Context())
	if err != nil || !slices.Equal(namesOf(pins), want) {
		t.Errorf("list: %q, %v; want %q", namesOf(pins), err, want)
	}
}

func TestStore(t *testing.T) {
	b, a := testPin(t, "b", 1, "*.wasm"), testPin(t, "a", 2, "*")
	s, dir := storeWith(t, b, a)
	checkList(t, s, "a", "b")
	checkList(t, openStore(dir), "a", "b")
	got, err := s.Get(t.Context(), "b")
	if err != nil || got.Name != "b" || !got.Key.Equal(b.Key) {
		t.Errorf("get: %+v, %v", got, err)
	}
	if err := s.Remove(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	checkList(t, s, "a")
	for _, name := range []string{"b", "never"} {
		if _, err := s.Get(t.Context(), name); !errors.Is(err, ErrNoPin) {
			t.Errorf("get %s: %v", name, err)
		}
		if err := s.Remove(t.Context(), name); !errors.Is(err, ErrNoPin) {
			t.Errorf("remove %s: %v", name, err)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, "pins"))
	if err != nil || len(left) != 2 {
		t.Errorf("left: %v, %v; want .lock and a.pin", left, err)
	}
}

// TestNamesStayInside: no name reaches a file outside the folder of pins.
func TestNamesStayInside(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"))
	victim := filepath.Join(dir, "victim.pin")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "../victim", "a/../../victim", "A"} {
		var file *FileError
		if _, err := s.Get(t.Context(), name); err == nil || errors.As(err, &file) || errors.Is(err, ErrNoPin) {
			t.Errorf("get %q: %v", name, err)
		}
		if err := s.Remove(t.Context(), name); err == nil || errors.Is(err, ErrNoPin) {
			t.Errorf("remove %q: %v", name, err)
		}
	}
	if _, err := os.Stat(victim); err != nil {
		t.Error(err)
	}
}

func TestFolderLimits(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"), testPin(t, "b", 2, "*"))
	if all, err := s.pins.readDir(3); len(all) != 3 || err != nil { // with the lock
		t.Errorf("%q, %v", all, err)
	}
	if all, err := s.pins.readDir(2); all != nil || err == nil {
		t.Errorf("%q in a folder of at most 2", all)
	}
	if err := os.WriteFile(filepath.Join(dir, "pins", "x.y"), []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := s.pins.read("x", ".y", 5); string(data) != "12345" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if data, err := s.pins.read("x", ".y", 4); data != nil || err == nil {
		t.Errorf("%q of at most 4 bytes", data)
	}
}

// TestLeftovers: what a killed process left is gone after the next change.
func TestLeftovers(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"))
	left := filepath.Join(dir, "pins", ".sealwax-0123456789.tmp")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkList(t, s, "a")
	if err := s.Add(t.Context(), testPin(t, "b", 2, "*")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
}

func TestMissingFolderIsEmpty(t *testing.T) {
	s, dir := storeWith(t)
	checkList(t, s)
	checkOffered(t, s.For("x", sealwax.RoleRelease), sealwax.Hint{})
	if err := s.Remove(t.Context(), "a"); !errors.Is(err, ErrNoPin) {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("asking made the folder")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	checkList(t, s)
}

func TestZeroStore(t *testing.T) {
	var s Store
	_, listErr := s.List(t.Context())
	_, getErr := s.Get(t.Context(), "a")
	_, forErr := s.For("x", sealwax.RoleRelease).Anchors(t.Context(), sealwax.Hint{})
	_, guardErr := s.Guard(keysOf(t, 1)).Anchors(t.Context(), sealwax.Hint{})
	_, knownErr := s.Known(t.Context())
	_, voidErr := s.Void(t.Context())
	_, _, blockErr := s.BlockOf(t.Context(), "sha256:"+hash("1"))
	_, _, firstErr := s.FirstUseOf(t.Context(), "a")
	_, chainErr := s.Chain(t.Context(), acme().chain().ID())
	_, advanceErr := s.Advance(t.Context(), "acme", acme().chain())
	_, exportErr := s.Export(t.Context())
	for what, err := range map[string]error{
		"list": listErr, "get": getErr, "for": forErr, "guard": guardErr, "known": knownErr, "void": voidErr,
		"block of": blockErr, "first use of": firstErr, "chain": chainErr, "advance": advanceErr, "export": exportErr,
		"pin": pinning(acme())(t.Context(), &s), "block": blocking(t.Context(), &s), "record": recording(t.Context(), &s),
		"add": s.Add(t.Context(), testPin(t, "a", 1, "*")), "remove": s.Remove(t.Context(), "a"),
	} {
		if !errors.Is(err, errNoFolder) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestBothFolders: a store without one of its folders knows nothing in the other.
func TestBothFolders(t *testing.T) {
	dir := t.TempDir()
	for _, s := range []*Store{OpenStore(dir, ""), OpenStore("", dir)} {
		for _, do := range []change{adding("a", 1), blocking, recording} {
			if err := do(t.Context(), s); !errors.Is(err, errNoFolder) {
				t.Error(err)
			}
		}
	}
}

func TestAddRefuses(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*.wasm", "*.txt"))
	native := testPin(t, "native", 1, "*.wasm")
	native.Role = sealwax.RoleNative
	for _, tt := range []struct {
		what string
		pin  Pin
		want error
	}{
		{"the name", testPin(t, "a", 2, "x"), ErrPinExists},
		{"the same", testPin(t, "a", 1, "*.wasm", "*.txt"), ErrPinExists},
		{"the same by another name", testPin(t, "b", 1, "other", "*.txt"), ErrPinExists},
		{"for other subjects", testPin(t, "c", 1, "*.wat"), nil},
		{"in another role", native, nil},
		{"another key", testPin(t, "d", 2, "*.wasm"), nil},
	} {
		if err := s.Add(t.Context(), tt.pin); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.want)
		}
	}
	if err := s.Add(t.Context(), testPin(t, "a", 2, "x")); !strings.Contains(fmt.Sprint(err), "remove it first") {
		t.Errorf("the way out is missing: %v", err)
	}
	if err := s.Add(t.Context(), Pin{}); err == nil {
		t.Error("the zero pin is added")
	}
	checkList(t, openStore(dir), "a", "c", "d", "native")
	if p, err := s.Get(t.Context(), "a"); err != nil || !p.Key.Equal(testKey(t, 1)) {
		t.Errorf("the pin was replaced: %+v, %v", p, err)
	}
}

func TestFor(t *testing.T) {
	native := testPin(t, "native", 4, "**")
	native.Role = sealwax.RoleNative
	s, _ := storeWith(t,
		testPin(t, "crates", 1, "crate:*"), testPin(t, "files", 2, "*"), testPin(t, "wasm", 3, "*.wasm"), native)
	release := sealwax.RoleRelease
	none := sealwax.Hint{}
	checkOffered(t, s.For("dir/a.wasm", release), none, "files", "wasm")
	checkOffered(t, s.For("dir/a.wasm", release), minisignHint(testKey(t, 3)), "wasm", "files")
	checkOffered(t, s.For("dir/a.wasm", release), wasmsigHint(testKey(t, 3)), "wasm", "files")
	checkOffered(t, s.For("a.txt", release), minisignHint(testKey(t, 3)), "files")
	checkOffered(t, s.For("crate:ripgrep", release), none, "crates")
	checkOffered(t, s.For(FileSubject("crate:ripgrep"), release), none, "files")
	checkOffered(t, s.For("oci:x/y", release), none)
	checkOffered(t, s.For("a.wasm", sealwax.RoleNative), none, "native")
	checkOffered(t, s.For("a.wasm", sealwax.RoleNative, release), none, "files", "native", "wasm")
	checkOffered(t, s.For("a.wasm"), none)
	checkOffered(t, s.For("a.wasm", ""), none)
	checkOffered(t, s.For("", release), none)
	anchors, err := s.For("crate:x", release).Anchors(t.Context(), none)
	if err != nil || anchors[0].Role != release || anchors[0].Origin != "pin crates" {
		t.Errorf("%+v, %v", anchors, err)
	}
}

// TestForOneKey: two pins of a key that meet in one subject are one anchor.
func TestForOneKey(t *testing.T) {
	s, _ := storeWith(t, testPin(t, "a", 1, "*.wasm"), testPin(t, "b", 1, "app.*"))
	checkOffered(t, s.For("app.wasm", sealwax.RoleRelease), sealwax.Hint{}, "a")
}

// TestForMany: of few pins each is tried, of many those that the hint names.
func TestForMany(t *testing.T) {
	var pins []Pin
	for i := range MaxTried - 1 {
		pins = append(pins, testPin(t, fmt.Sprintf("p%02d", i), i, "*"))
	}
	s, dir := storeWith(t, append(pins, testPin(t, "other", 500, "other"))...)
	by := s.For("x", sealwax.RoleRelease)
	for _, h := range []sealwax.Hint{{}, minisignHint(testKey(t, 500)), minisignHint(testKey(t, 999))} {
		if got, err := offered(t, by, h); len(got) != MaxTried-1 || err != nil {
			t.Errorf("%d offered, %v", len(got), err)
		}
	}
	if err := s.Add(t.Context(), testPin(t, "one-more", 600, "*")); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{s, openStore(dir), openStore(dir)} { // read whole, then by the index that was made
		by := s.For("x", sealwax.RoleRelease)
		for _, h := range []sealwax.Hint{{}, minisignHint(testKey(t, 999)), wasmsigHint(testKey(t, 999))} {
			if got, err := offered(t, by, h); !isHintUnknown(err) {
				t.Errorf("%q, %v; want ErrHintUnknown", got, err)
			}
		}
		checkOffered(t, by, wasmsigHint(testKey(t, 600)), "one-more")
		checkOffered(t, by, minisignHint(testKey(t, 7)), "p07")
		checkOffered(t, by, minisignHint(testKey(t, 500))) // not for x
		checkOffered(t, s.For("other", sealwax.RoleRelease), minisignHint(testKey(t, 500)), "other")
	}
}

// TestBroken: whatever is wrong with one file, nobody is offered.
func TestBroken(t *testing.T) {
	aPin := testPin(t, "a", 1, "*")
	text, err := aPin.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what, file string
		make       func(path string) error
		want       string
	}{
		{"empty", "z.pin", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "cut off"},
		{"cut off", "z.pin", func(p string) error { return os.WriteFile(p, text[:len(text)/2], 0o600) }, "z.pin"},
		{"a copy", "z.pin", func(p string) error { return os.WriteFile(p, text, 0o600) }, "its name is a"},
		{"too large", "z.pin", func(p string) error { return os.WriteFile(p, make([]byte, MaxPinBytes+1), 0o600) }, "larger than 65536"},
		{"a folder", "z.pin", func(p string) error { return os.Mkdir(p, 0o700) }, "not a regular file"},
		{"no name for a pin", "Z.pin", func(p string) error { return os.WriteFile(p, text, 0o600) }, "rename or remove"},
		{"no name", "z z.pin", func(p string) error { return os.WriteFile(p, text, 0o600) }, "rename or remove"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s, dir := storeWith(t, aPin)
			path := filepath.Join(dir, "pins", tt.file)
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			// The good pin matches, and still the answer must be "cannot tell".
			got, err := offered(t, openStore(dir).For("x", sealwax.RoleRelease), minisignHint(aPin.Key))
			var file *FileError
			if !errors.As(err, &file) || got != nil || errors.Is(err, sealwax.ErrHintUnknown) {
				t.Fatalf("offered %q, %v", got, err)
			}
			if file.Path != path || file.Fix == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q and the path", err, tt.want)
			}
			pins, err := s.List(t.Context())
			if err == nil || !slices.Equal(namesOf(pins), []string{"a"}) {
				t.Errorf("list: %q, %v", namesOf(pins), err)
			}
			if err := s.Add(t.Context(), testPin(t, "c", 3, "*")); err == nil {
				t.Error("a pin is added to a broken store")
			}
		})
	}
}

func TestRemoveBroken(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"))
	if err := os.WriteFile(filepath.Join(dir, "pins", "z.pin"), []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "z"); err != nil {
		t.Fatal(err)
	}
	checkList(t, s, "a")
}

func TestOtherFilesAreIgnored(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"))
	for _, name := range []string{"README", "acme.publisher", "a.pin~", "a.pin.bak", ".b.pin", "._a.pin", ".pin"} {
		if err := os.WriteFile(filepath.Join(dir, "pins", name), []byte("?"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkList(t, s, "a")
}

func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such bits")
	}
	for _, name := range []string{".", "pins", "pins/a.pin", "blocks"} {
		s, dir := storeWith(t, testPin(t, "a", 1, "*"))
		if err := s.AddBlock(t.Context(), testBlock("sha256:"+hash("1"))); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
		_, err := offered(t, s.For("x", sealwax.RoleRelease), sealwax.Hint{})
		if err == nil || !strings.Contains(err.Error(), "chmod o-w '"+path+"'") {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Chmod(path, 0o775); err != nil {
			t.Fatal(err)
		}
		checkList(t, s, "a")
	}
}

// TestOneState: artifacts judged together are judged by one state, and what this
// Store changes it sees.
func TestOneState(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"))
	by := s.For("x", sealwax.RoleRelease)
	checkOffered(t, by, sealwax.Hint{}, "a")
	if err := openStore(dir).Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	checkOffered(t, by, sealwax.Hint{}, "a")
	checkOffered(t, openStore(dir).For("x", sealwax.RoleRelease), sealwax.Hint{})
	if err := s.Add(t.Context(), testPin(t, "b", 2, "*")); err != nil {
		t.Fatal(err)
	}
	checkOffered(t, by, sealwax.Hint{}, "b")
}

func TestCancelled(t *testing.T) {
	s, _ := storeWith(t, testPin(t, "a", 1, "*"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.For("x", sealwax.RoleRelease).Anchors(ctx, sealwax.Hint{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestTwoProcesses: those that add at once lose nothing.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	children := []*exec.Cmd{adder(dir, "a"), adder(dir, "b"), adder(dir, "c")}
	for _, c := range children {
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	pins, err := openStore(dir).List(t.Context())
	if err != nil || len(pins) != len(children)*addCount {
		t.Errorf("%d pins, %v", len(pins), err)
	}
}

// TestTwoProcessesChange: whatever they change at once, nothing is lost, and of two
// histories one wins.
func TestTwoProcessesChange(t *testing.T) {
	zero := acme()
	history := []*maker{zero}
	for range 5 {
		history = append(history, history[len(history)-1].renewed(1))
	}
	_, dir := withAcme(t, zero)
	done := make(chan error)
	for n := range 6 {
		go func() {
			s := openStore(dir) // as another process would
			_, err := s.Advance(t.Context(), "acme", history[n].chain())
			block := testBlock("sha256:" + hash(fmt.Sprint(n)))
			done <- errors.Join(err, s.AddBlock(t.Context(), block))
		}()
	}
	for range 6 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	checkChain(t, openStore(dir), history[5])
	if void, err := openStore(dir).Void(t.Context()); err != nil || len(void) != 6 {
		t.Errorf("%d blocks, %v", len(void), err)
	}
	forked := make(chan sealwax.Code)
	for n := range 4 {
		go func() {
			_, err := openStore(dir).Advance(t.Context(), "acme", history[5].renewed(10+n).chain())
			forked <- codeOf(err)
		}()
	}
	refused := 0
	for range 4 {
		if <-forked == sealwax.CodePublisherFork {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 4 forks are refused", refused)
	}
}

// TestOneNameWins: of many that add one name, one succeeds, and its pin stays.
func TestOneNameWins(t *testing.T) {
	_, dir := storeWith(t)
	won := make(chan Pin, 8)
	done := make(chan error)
	for i := range cap(won) {
		go func() {
			p := testPin(t, "a", i, "*")
			err := openStore(dir).Add(t.Context(), p)
			if err == nil {
				won <- p
			} else if errors.Is(err, ErrPinExists) {
				err = nil
			}
			done <- err
		}()
	}
	for range cap(won) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	got, err := openStore(dir).Get(t.Context(), "a")
	if p := <-won; len(won) != 0 || err != nil || !got.Key.Equal(p.Key) {
		t.Errorf("%d more winners, %v", len(won), err)
	}
}
