// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"
)

// Call is one thing to fetch.
type Call struct {
	URL string
	// Max is how many bytes it may have. Below one, nothing is ever fetched.
	Max int64
	// Accept is the media type asked for; empty asks for none.
	Accept string
	// Authorization is the header of that name. It goes to the URL's own scheme,
	// host and port, and not along with a redirect to any other.
	Authorization string
	// Timeout is for the whole call; zero is [Times.Call].
	Timeout time.Duration
	// SHA256, if not empty, is the digest that the bytes must have.
	SHA256 []byte
	// Size, if not zero, is how many bytes it must be.
	Size int64
}

// Get fetches a document of at most limit bytes into memory, whole or not at all.
func (c *Client) Get(ctx context.Context, address string, limit int64) ([]byte, error) {
	var b bytes.Buffer
	err := c.fetch(ctx, Call{URL: address, Max: limit}, &sink{w: &b, again: b.Reset})
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Stream fetches into w. After an error w holds anything between nothing and the
// whole, and must be thrown away. Once w has a byte there is no second try.
func (c *Client) Stream(ctx context.Context, call Call, w io.Writer) error {
	return c.fetch(ctx, call, &sink{w: w})
}

// sink is where the bytes go.
type sink struct {
	w       io.Writer
	again   func() // makes w empty for a second try; nil if that cannot be
	written int64
	err     error // of w
}

// Write passes on, and remembers whose fault an error is.
func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.written += int64(n)
	if err != nil {
		s.err = err
	}
	return n, err
}

// restart makes ready for another try, if there may be one.
func (s *sink) restart() bool {
	if s.written > 0 && s.again == nil {
		return false
	}
	if s.again != nil {
		s.again()
	}
	s.written = 0
	return true
}

// maxTries is how often one thing is asked for.
const maxTries = 3

// maxWait is how long a server may ask to wait before the next try.
const maxWait = 10 * time.Second

// fetch tries, and tries again while that may help.
func (c *Client) fetch(ctx context.Context, call Call, to *sink) error {
	if call.Max < 1 {
		return &Error{Err: call.tooLarge()}
	}
	if call.Timeout <= 0 {
		call.Timeout = c.times.Call
	}
	ctx, cancel := context.WithTimeoutCause(ctx, call.Timeout, fmt.Errorf("%w: not done after %v", errTooLong, call.Timeout))
	defer cancel()
	for try := 1; ; try++ {
		err := c.try(ctx, call, to)
		if err == nil {
			return nil
		}
		wait, again := err.next(c.times.Pause << (try - 1))
		if !again || try == maxTries || ctx.Err() != nil || !to.restart() {
			return err.err
		}
		select {
		case <-ctx.Done():
			return &Error{URL: err.err.URL, Err: context.Cause(ctx)}
		case <-time.After(wait):
		}
	}
}

// failure is why one try failed, and when the server wants the next.
type failure struct {
	err   *Error
	retry bool          // another try may help
	after time.Duration // zero: the server did not say
}

// next is how long to wait before another try, and whether to make one.
func (f *failure) next(pause time.Duration) (time.Duration, bool) {
	return max(pause, f.after), f.retry && f.after <= maxWait
}

// try asks once, following redirects, and writes what comes.
func (c *Client) try(ctx context.Context, call Call, to *sink) *failure {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	resp, f := c.follow(ctx, call)
	if f != nil {
		return f
	}
	defer resp.Body.Close()
	u := resp.Request.URL
	if err := call.acceptable(resp); err != nil {
		return &failure{err: &Error{URL: shown(u), Status: resp.StatusCode, Err: err}}
	}
	body := &watched{r: resp.Body, stall: c.times.Stall, cancel: cancel}
	defer body.stop()
	err := call.copy(to, body)
	switch {
	case err == nil:
		return nil
	case to.err != nil:
		return &failure{err: &Error{URL: shown(u), Err: fmt.Errorf("keeping what arrives: %w", to.err)}}
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrOtherBytes):
		return &failure{err: &Error{URL: shown(u), Status: resp.StatusCode, Err: err}}
	}
	te := transportError(ctx, u, err)
	return &failure{err: te, retry: te.Temporary}
}

// acceptable says what is wrong with an answer before any of it is read.
func (call Call) acceptable(resp *http.Response) error {
	enc := resp.Header.Get("Content-Encoding")
	switch {
	case enc != "" && !strings.EqualFold(enc, "identity"):
		return errEncoding
	case resp.ContentLength < 0 && len(resp.TransferEncoding) == 0:
		return errNoEnd
	case resp.ContentLength > call.Max:
		return call.tooLarge()
	case call.Size > 0 && resp.ContentLength >= 0 && resp.ContentLength != call.Size:
		return fmt.Errorf("%w: %d bytes are announced instead of %d", ErrOtherBytes, resp.ContentLength, call.Size)
	}
	return nil
}

func (call Call) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, call.Max)
}

// copy moves the content, never more of it than the cap, and compares it with
// what was expected.
func (call Call) copy(to *sink, body io.Reader) error {
	var sum hash.Hash
	w := io.Writer(to)
	if len(call.SHA256) > 0 {
		sum = sha256.New()
		w = io.MultiWriter(to, sum)
	}
	n, err := io.Copy(w, io.LimitReader(body, call.Max))
	if err != nil {
		return err
	}
	switch more, err := io.ReadFull(body, make([]byte, 1)); {
	case more > 0:
		return call.tooLarge()
	case !errors.Is(err, io.EOF):
		return err
	case call.Size > 0 && n != call.Size:
		return fmt.Errorf("%w: %d bytes instead of %d", ErrOtherBytes, n, call.Size)
	case sum != nil && !bytes.Equal(sum.Sum(nil), call.SHA256):
		return fmt.Errorf("%w: their SHA-256 is %x instead of %x", ErrOtherBytes, sum.Sum(nil), call.SHA256)
	}
	return nil
}

// watched is a body that may not be silent for long.
type watched struct {
	r      io.Reader
	stall  time.Duration
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// Read reads, and ends the call if nothing comes for the stall time.
func (w *watched) Read(p []byte) (int, error) {
	if w.timer == nil {
		w.timer = time.AfterFunc(w.stall, func() {
			w.cancel(fmt.Errorf("%w: no byte for %v", errStalled, w.stall))
		})
	}
	w.timer.Reset(w.stall)
	return w.r.Read(p)
}

func (w *watched) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}
