// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// What a caller may act on. Each is wrapped by an [*Error].
var (
	// ErrNotFound is wrapped when the server knows no such thing (404, 410).
	ErrNotFound = errors.New("there is nothing at this address")
	// ErrTooLarge is wrapped when there is more than the caller's cap allows.
	ErrTooLarge = errors.New("it is larger than allowed")
	// ErrOtherBytes is wrapped when a digest or a size was expected and what
	// came has another.
	ErrOtherBytes = errors.New("these are not the bytes that were expected")
	// ErrRedirect is wrapped when a server sends the caller where a rule forbids
	// to go.
	ErrRedirect = errors.New("the server redirects, and that is refused")
)

// What happens on the way.
var (
	errStalled  = errors.New("nothing arrives any more")
	errTooLong  = errors.New("it takes too long")
	errEncoding = errors.New("the server answers in an encoding that was not asked for")
	errNoEnd    = errors.New("the server does not say where its answer ends, so that a cut one would pass for whole")
)

// Error says what could not be had, and why. It always means "could not tell",
// never "no".
type Error struct {
	URL       string // without userinfo and without what its query says; may be empty
	Status    int    // the server's answer; 0 when there was none
	Temporary bool   // a later try may succeed
	Err       error
}

// Error names the address and the reason, fit for a terminal.
func (e *Error) Error() string {
	why := printable(e.Err.Error())
	if e.URL == "" {
		return why
	}
	return "fetching " + e.URL + ": " + why
}

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Err }

// statusError is what an answer other than 200 means. The server's own words for
// it are not shown.
func statusError(u *url.URL, status int) *Error {
	e := &Error{URL: shown(u), Status: status, Temporary: status == http.StatusTooManyRequests || status >= 500}
	words := http.StatusText(status)
	if words == "" {
		words = "a status that nobody knows"
	}
	e.Err = fmt.Errorf("the server answers %d (%s)", status, words)
	if status == http.StatusNotFound || status == http.StatusGone {
		e.Err = fmt.Errorf("%w (%d)", ErrNotFound, status)
	}
	return e
}

// transportError is for what net/http and the connection say. ctx is the call's
// own: its cause says what really ended it.
func transportError(ctx context.Context, u *url.URL, err error) *Error {
	e := &Error{URL: shown(u), Err: err, Temporary: mayPass(err)}
	if ctx.Err() != nil {
		e.Err = context.Cause(ctx)
		e.Temporary = !errors.Is(e.Err, context.Canceled)
	}
	return e
}

// mayPass reports whether trouble with a connection may be over soon. A wrong
// certificate and a name that does not exist will not be.
func mayPass(err error) bool {
	if cert := (*tls.CertificateVerificationError)(nil); errors.As(err, &cert) {
		return false
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) && dns.IsNotFound {
		return false
	}
	return !errors.Is(err, errNotHere)
}
