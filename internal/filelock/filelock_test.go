// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package filelock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test binary is also two other processes.
const (
	holdEnv  = "FILELOCK_TEST_HOLD"  // takes the lock, says so, sleeps
	countEnv = "FILELOCK_TEST_COUNT" // adds 1 to a number in a file, 100 times
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(holdEnv) != "":
		hold(os.Getenv(holdEnv))
	case os.Getenv(countEnv) != "":
		if err := countUp(os.Getenv(countEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func hold(path string) {
	if _, err := Acquire(context.Background(), path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	time.Sleep(time.Minute)
}

// countUp reads, adds and writes without any care but the lock.
func countUp(dir string) error {
	for range 100 {
		l, err := Acquire(context.Background(), filepath.Join(dir, "lock"))
		if err != nil {
			return err
		}
		name := filepath.Join(dir, "number")
		b, _ := os.ReadFile(name)
		n, _ := strconv.Atoi(string(b))
		if err := os.WriteFile(name, []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			return err
		}
		if err := l.Release(); err != nil {
			return err
		}
	}
	return nil
}

func child(env, value string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), env+"="+value)
	c.Stderr = os.Stderr
	return c
}

func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	var children []*exec.Cmd
	for range 3 {
		c := child(countEnv, dir)
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
	if b, err := os.ReadFile(filepath.Join(dir, "number")); string(b) != "300" {
		t.Errorf("got %q, want 300 (%v)", b, err)
	}
}

func TestOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	n := 0 // the race detector would not know of the file's lock, so this has its own
	var mu sync.Mutex
	inside := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l, err := Acquire(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			inside++
			if inside != 1 {
				t.Error("two hold the lock")
			}
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			inside--
			n++
			mu.Unlock()
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n != 8 {
		t.Errorf("%d turns", n)
	}
}

// TestKilledHolder: a lock does not outlive its holder.
func TestKilledHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	c := child(holdEnv, path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = Acquire(short, path)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), path) {
		t.Fatalf("while it is held: %v", err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	long, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	l, err := Acquire(long, path)
	if err != nil {
		t.Fatalf("after its death: %v", err)
	}
	if err := errors.Join(l.Release(), l.Release()); err != nil {
		t.Error(err)
	}
}

func TestRefusesLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such flag")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), path); err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(t.Context(), path); err == nil {
		t.Error("a symbolic link was followed")
	}
}
