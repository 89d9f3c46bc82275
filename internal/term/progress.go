// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package term

import (
	"fmt"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// When a progress line appears, and how often it changes.
const (
	progressDelay = 500 * time.Millisecond
	progressEvery = 100 * time.Millisecond
)

// Progress is one line that says how far a long task is. It shows only on a
// terminal that knows escapes, only when the task takes longer than half a
// second, and leaves nothing behind. Its methods may be called from any
// goroutine, and on nil, where they show nothing.
type Progress struct {
	out  *os.File
	line func() string
	stop chan struct{}
	done chan struct{}
	once sync.Once

	mu    sync.Mutex
	shown bool
}

// StartProgress shows line, which is called from another goroutine, on out. The
// text must be safe to print; it is cut off at the terminal's width. Always call
// [Progress.Stop].
func StartProgress(out *os.File, env Getenv, line func() string) *Progress {
	if !IsTerminal(out) || !knowsEscapes(env) {
		return nil
	}
	p := &Progress{out: out, line: line, stop: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

func (p *Progress) run() {
	defer close(p.done)
	for wait := progressDelay; ; wait = progressEvery {
		select {
		case <-p.stop:
			return
		case <-time.After(wait):
		}
		p.draw()
	}
}

func (p *Progress) draw() {
	text := p.line()
	if width, _, err := term.GetSize(int(p.out.Fd())); err == nil && width > 0 {
		text = cutOff(text, width-1)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.out, eraseLine+text)
	p.shown = true
}

// cutOff keeps at most n characters, since a line that wraps is two lines, of
// which one could not be erased.
func cutOff(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n, 0)])
}

// Around runs print with the line out of the way: whatever else is printed on
// the same terminal while the task runs goes through here.
func (p *Progress) Around(print func()) {
	if p == nil {
		print()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	print()
}

// Stop takes the line away for good.
func (p *Progress) Stop() {
	if p == nil {
		return
	}
	p.once.Do(func() { close(p.stop) })
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

// erase is called with the lock held.
func (p *Progress) erase() {
	if p.shown {
		fmt.Fprint(p.out, eraseLine)
		p.shown = false
	}
}
