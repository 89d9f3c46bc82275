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
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
)

// The test binary is also a process that kills itself in the middle of a change.
const (
	crashEnv = "TRUST_TEST_CRASH" // the name of the operation
	stepEnv  = "TRUST_TEST_STEP"  // before which of its steps it dies, from 1
	dirEnv   = "TRUST_TEST_DIR"   // the configuration folder
)

// operation is one change of a store.
type operation struct {
	name   string
	before []func(context.Context, *Store) error
	do     func(context.Context, *Store) error
	steps  int // at least so many are expected: fewer, and nothing is tested
}

// onStep calls f before each step that the disk would show.
func (s *Store) onStep(f func()) {
	for _, folder := range []*folder{&s.pins, &s.blocks, &s.chains, &s.firsts, &s.evidence, &s.indexes} {
		folder.step = f
	}
}

// crash does what the environment says, until it dies or is done.
func crash(name string) error {
	at, err := strconv.Atoi(os.Getenv(stepEnv))
	if err != nil {
		return err
	}
	ops, err := operations()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(ops, func(o operation) bool { return o.name == name })
	s := openStore(os.Getenv(dirEnv))
	s.onStep(func() {
		if at--; at == 0 {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {} // until the signal arrives
		}
	})
	return ops[i].do(context.Background(), s)
}

// describe is all that a store knows. That it can be read in full is a part of it.
func describe(ctx context.Context, s *Store) (string, error) {
	known, err := s.Known(ctx)
	if err != nil {
		return "", err
	}
	blocks, err := s.Blocks(ctx)
	if err != nil {
		return "", err
	}
	var out []string
	for _, k := range known {
		line := k.Pin.Name + " " + k.Pin.Identity()
		if k.Chain != nil {
			line += fmt.Sprint(" ", k.Chain.Len())
		}
		if _, is, err := s.FirstUseOf(ctx, k.Pin.Name); err != nil {
			return "", err
		} else if is {
			line += " first use"
		}
		out = append(out, line)
	}
	for _, b := range blocks {
		out = append(out, b.What)
	}
	if len(known) > 0 { // by the index, if there is one
		id := known[0].keys()[0].WasmsignID()
		anchors, err := s.For("x", sealwax.RoleRelease).Anchors(ctx, sealwax.Hint{KeyID: id})
		if err != nil && !isHintUnknown(err) {
			return "", err
		}
		out = append(out, fmt.Sprint(len(anchors), " offered"))
	}
	return strings.Join(out, "\n"), nil
}

func simplePin(name string, n int) (Pin, error) {
	k, err := numberedKey(n)
	if err != nil {
		return Pin{}, err
	}
	all, err := ParsePattern("*")
	return Pin{Name: name, Key: k, For: []Pattern{all}, Role: sealwax.RoleRelease, Added: day}, err
}

func adding(name string, n int) func(context.Context, *Store) error {
	return func(ctx context.Context, s *Store) error {
		p, err := simplePin(name, n)
		return errors.Join(err, s.Add(ctx, p))
	}
}

// addingMany adds more pins than are tried.
func addingMany(_ context.Context, s *Store) error {
	if err := os.MkdirAll(s.pins.dir(), 0o700); err != nil {
		return err
	}
	for i := range MaxTried + 1 {
		p, err := simplePin(fmt.Sprint("p", i), i)
		if err != nil {
			return err
		}
		data, err := p.Marshal()
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.pins.path(p.Name, pinExt), data, 0o600); err != nil { // a thousand syncs would take their time
			return err
		}
	}
	return nil
}

func blocking(ctx context.Context, s *Store) error {
	return s.AddBlock(ctx, testBlock("sha256:"+hash("1")))
}

func recording(ctx context.Context, s *Store) error { return s.RecordFirstUse(ctx, testFirstUse()) }

func asking(ctx context.Context, s *Store) error {
	k, err := numberedKey(0)
	if err != nil {
		return err
	}
	_, err = s.For("x", sealwax.RoleRelease).Anchors(ctx, sealwax.Hint{KeyID: k.WasmsignID()})
	return err
}

type change = func(context.Context, *Store) error

func keyOperations() []operation {
	return []operation{
		{"add", nil, adding("acme", 0), 6},
		{"add another", []change{adding("other", 1)}, adding("acme", 0), 6},
		{"remove", []change{adding("acme", 0), adding("other", 1), recording}, func(ctx context.Context, s *Store) error { return s.Remove(ctx, "acme") }, 5},
		{"block", []change{adding("acme", 0)}, blocking, 6},
		{"unblock", []change{blocking}, func(ctx context.Context, s *Store) error { return s.RemoveBlock(ctx, "sha256:"+hash("1")) }, 3},
		{"first use", []change{adding("acme", 0)}, recording, 6},
		{"index", []change{addingMany}, asking, 6},
	}
}

// TestCrash kills a process before each step of each change: the store is then as
// it was or as it was to be, never undecided, and can be changed.
func TestCrash(t *testing.T) {
	ops, err := operations()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		t.Run(op.name, func(t *testing.T) {
			old, dir := prepared(t, op)
			if err := op.do(t.Context(), openStore(dir)); err != nil {
				t.Fatal(err)
			}
			want := described(t, dir)
			step := 1
			for !crashAt(t, op, step, old, want) {
				step++
			}
			if step <= op.steps {
				t.Errorf("it was done before step %d, and takes more: what counts them?", step)
			}
		})
	}
}

// prepared is a store before the change.
func prepared(t *testing.T, op operation) (old, dir string) {
	t.Helper()
	_, dir = storeWith(t)
	for _, do := range op.before {
		if err := do(t.Context(), openStore(dir)); err != nil {
			t.Fatal(err)
		}
	}
	old = described(t, dir)
	_ = os.Remove(filepath.Join(dir+"-state", indexName)) // describing made it
	return old, dir
}

// crashAt reports whether the change was done before it came to the step.
func crashAt(t *testing.T, op operation, step int, old, want string) (done bool) {
	t.Helper()
	_, dir := prepared(t, op)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashEnv+"="+op.name, stepEnv+"="+strconv.Itoa(step), dirEnv+"="+dir)
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState.Exited() {
		t.Fatalf("step %d: %v: %s", step, err, out)
	}
	now := described(t, dir)
	if now == old && err != nil { // otherwise what is done would be done twice
		if err := op.do(t.Context(), openStore(dir)); err != nil {
			t.Errorf("killed at step %d, and not done again: %v", step, err)
		}
		now = described(t, dir)
	}
	if now != want {
		t.Errorf("killed at step %d:\n%s\nbefore:\n%s\nwanted:\n%s", step, now, old, want)
	}
	if err := adding("next", 77)(t.Context(), openStore(dir)); err != nil {
		t.Errorf("killed at step %d, and the next change fails: %v", step, err)
	}
	return err == nil
}

func described(t *testing.T, dir string) string {
	t.Helper()
	text, err := describe(t.Context(), openStore(dir))
	if err != nil {
		t.Errorf("undecided: %v", err)
	}
	return text
}
