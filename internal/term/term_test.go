// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package term

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func env(pairs map[string]string) Getenv { return func(name string) string { return pairs[name] } }

func TestWantsColour(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"TERM": "xterm"}, true},
		{nil, true},
		{map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "0"}, false},
		{map[string]string{"TERM": "dumb"}, false},
	} {
		if got := wantsColour(env(tt.env)); got != tt.want {
			t.Errorf("%v: got %v", tt.env, got)
		}
	}
}

func file(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestNotTerminal: a file gets no colour and no progress.
func TestNotTerminal(t *testing.T) {
	f := file(t)
	if IsTerminal(f) || Colour(f, env(nil)) {
		t.Error("a file is taken for a terminal")
	}
	p := StartProgress(f, env(nil), func() string { return "busy" })
	printed := false
	p.Around(func() { printed = true })
	time.Sleep(progressDelay + progressEvery)
	p.Stop()
	if info, err := f.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("%d bytes of progress in a file, %v", info.Size(), err)
	}
	if !printed {
		t.Error("Around did not print")
	}
}

func TestCutOff(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abc", 2, "ab"}, {"äöü", 2, "äö"}, {"abc", 0, ""}, {"abc", -1, ""}, {"", 0, ""},
	} {
		if got := cutOff(tt.s, tt.n); got != tt.want {
			t.Errorf("%q, %d: got %q", tt.s, tt.n, got)
		}
	}
}
