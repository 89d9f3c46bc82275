// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package term

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/peers"
)

// askEnv makes the test binary a process that asks on its terminal.
const askEnv = "TERM_TEST_ASK"

func TestMain(m *testing.M) {
	if os.Getenv(askEnv) != "" {
		ask()
	}
	os.Exit(m.Run())
}

func ask() {
	t, err := Open(os.Getenv)
	if err != nil {
		fmt.Println("open:", errors.Is(err, ErrNoTerminal))
		os.Exit(0)
	}
	defer t.Close()
	password, err := t.ReadPassword(context.Background(), "Password: ")
	fmt.Printf("password: %q %v\n", password, err)
	yes, err := t.Confirm(context.Background(), "Sure?")
	fmt.Printf("confirmed: %v %v\n", yes, err)
	os.Exit(0)
}

// screen is the master side of a pseudo terminal: what a person sees and types.
type screen struct {
	master *os.File
	mu     sync.Mutex
	seen   bytes.Buffer
}

// pty opens a pseudo terminal.
func pty(t *testing.T) (*screen, *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		peers.Missing(t, "no pseudo terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	s := &screen{master: master}
	go s.watch()
	return s, tty
}

func (s *screen) watch() {
	b := make([]byte, 1024)
	for {
		n, err := s.master.Read(b)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.seen.Write(b[:n])
		s.mu.Unlock()
	}
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// await waits until the screen has shown something.
func (s *screen) await(t *testing.T, what string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(s.text(), what) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never saw %q, but %q", what, s.text())
}

func (s *screen) typeIn(t *testing.T, keys string) {
	t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// TestAsk: a process whose standard input is something else asks on its terminal.
func TestAsk(t *testing.T) {
	s, tty := pty(t)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), askEnv+"=1", "TERM=xterm")
	c.Stdin = strings.NewReader("not this\ny\n")
	var out bytes.Buffer
	c.Stdout = &out
	c.ExtraFiles = []*os.File{tty}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s.await(t, "Password: ")
	awaitEcho(t, tty, false)
	s.typeIn(t, "s3cret\n")
	s.await(t, "Sure? [y/N] ")
	s.typeIn(t, "yes\n")
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "password: \"s3cret\" <nil>\nconfirmed: true <nil>\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(s.text(), "s3cret") {
		t.Error("the password was shown")
	}
	if !strings.Contains(s.text(), "Password: "+eraseLine) {
		t.Errorf("the prompt stays: %q", s.text())
	}
	awaitEcho(t, tty, true)
}

func TestNoTerminal(t *testing.T) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), askEnv+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := c.Output()
	if err != nil || string(out) != "open: true\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	termios, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return termios.Lflag&unix.ECHO != 0
}

func awaitEcho(t *testing.T, tty *os.File, want bool) {
	t.Helper()
	for range 1000 {
		if echoes(t, tty) == want {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("echo is never %v", want)
}

func TestConfirm(t *testing.T) {
	for keys, want := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " YES \n": true,
		"\n": false, "n\n": false, "no\n": false, "yep\n": false, "y y\n": false, "j\n": false, "yy\n": false,
		"\x04": false, "y\x04\x04": false,
		strings.Repeat(" ", 300) + "y\n": false,
	} {
		s, tty := pty(t)
		term := &Terminal{tty, tty, true}
		s.typeIn(t, keys)
		got, err := term.Confirm(t.Context(), "Sure?")
		if got != want || err != nil {
			t.Errorf("%q: got %v, %v", keys, got, err)
		}
	}
}

// TestInterrupted: a question that is given up leaves the terminal as it was.
func TestInterrupted(t *testing.T) {
	s, tty := pty(t)
	terminal := &Terminal{tty, tty, false}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := terminal.ReadPassword(ctx, "Password: ")
		done <- err
	}()
	s.await(t, "Password: ")
	awaitEcho(t, tty, false)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !echoes(t, tty) {
		t.Error("the terminal does not show what is typed")
	}
	if _, err := terminal.ReadPassword(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if yes, err := terminal.Confirm(ctx, "Sure?"); yes || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", yes, err)
	}
	endGivenUpReads(t, s, tty)
}

// endGivenUpReads feeds the reads that go on in the background, lest they read
// from what gets their descriptor's number next.
func endGivenUpReads(t *testing.T, s *screen, tty *os.File) {
	t.Helper()
	for range 2 { // the password's and the question's, if it was begun
		s.typeIn(t, "end\n")
		time.Sleep(50 * time.Millisecond)
	}
	if n, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCINQ); err != nil || n > len("end\n") {
		t.Fatalf("%d bytes are left, %v", n, err)
	}
}

func TestIsTerminal(t *testing.T) {
	_, tty := pty(t)
	if !IsTerminal(tty) || !Colour(tty, env(nil)) || Colour(tty, env(map[string]string{"NO_COLOR": "1"})) {
		t.Error("wrong about a terminal")
	}
}

func TestProgress(t *testing.T) {
	s, tty := pty(t)
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 20, Row: 5}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	p := StartProgress(tty, env(nil), func() string { return "checked 17 of 1000 files" })
	time.Sleep(progressDelay / 2)
	if got := s.text(); got != "" && time.Since(start) < progressDelay {
		t.Errorf("too early: %q", got)
	}
	s.await(t, "checked 17 of 1000 ")
	p.Around(func() { fmt.Fprint(tty, "refused: a\n") })
	s.await(t, eraseLine+"refused: a")
	p.Stop()
	p.Stop()
	p.Around(func() { fmt.Fprint(tty, "end") })
	s.await(t, "end")
	if got := s.text(); strings.Contains(got, "1000 f") || !strings.HasSuffix(got, "end") {
		t.Errorf("a line longer than the terminal, or more after the end: %q", got)
	}
	if got := afterErasing(s.text()); got != "refused: a\r\nend" {
		t.Errorf("left on the screen: %q", got)
	}
}

// afterErasing is what stays of a text on the screen.
func afterErasing(s string) string {
	var out string
	for line := range strings.Lines(s) {
		out += line[strings.LastIndex(line, eraseLine)+1:]
	}
	return strings.ReplaceAll(out, eraseLine[1:], "")
}

// TestProgressShort: what is done in half a second shows nothing at all.
func TestProgressShort(t *testing.T) {
	s, tty := pty(t)
	p := StartProgress(tty, env(nil), func() string { return "busy" })
	p.Around(func() {})
	p.Stop()
	if p := StartProgress(tty, env(map[string]string{"TERM": "dumb"}), nil); p != nil {
		t.Error("progress on a dumb terminal")
	}
	fmt.Fprint(tty, "end")
	s.await(t, "end")
	if s.text() != "end" {
		t.Errorf("shown: %q", s.text())
	}
}
