// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxRedirects is how often a call may be sent elsewhere.
const maxRedirects = 5

// follow asks and goes where it is sent, as far as the rules allow. The answer
// it returns is a 200, and its body is still to be read. The transport is used
// without net/http's own client, which keeps credentials for subdomains and for
// other ports, and quotes whole URLs in its errors.
func (c *Client) follow(ctx context.Context, call Call) (*http.Response, *failure) {
	u, err := parseAddress(call.URL)
	if err != nil {
		return nil, &failure{err: &Error{Err: err}}
	}
	home := endpoint(u)
	for hop := 0; ; hop++ {
		resp, err := c.transport.RoundTrip(c.request(ctx, call, u, home))
		if err != nil {
			te := transportError(ctx, u, err)
			return nil, &failure{err: te, retry: te.Temporary}
		}
		if resp.StatusCode == http.StatusOK {
			return resp, nil
		}
		resp.Body.Close()
		if !isRedirect(resp.StatusCode) {
			return nil, refusal(u, resp)
		}
		next, err := target(u, resp.Header.Get("Location"))
		if err == nil && hop == maxRedirects {
			err = fmt.Errorf("%w: more than %d times", ErrRedirect, maxRedirects)
		}
		if err != nil {
			return nil, &failure{err: &Error{URL: shown(u), Status: resp.StatusCode, Err: err}}
		}
		u = next
	}
}

// request is one question. Nothing of it but the URL comes from a server.
func (c *Client) request(ctx context.Context, call Call, u *url.URL, home string) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{"User-Agent": {c.agent}}}).WithContext(ctx)
	if call.Accept != "" {
		r.Header.Set("Accept", call.Accept)
	}
	// RFC 9110, 15.4: when redirected, a client should take out headers that are
	// "specific to the origin". An origin is scheme, host and port.
	if call.Authorization != "" && endpoint(u) == home {
		r.Header.Set("Authorization", call.Authorization)
	}
	return r
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// target is where a redirect leads, if one may go there.
func target(from *url.URL, location string) (*url.URL, error) {
	if location == "" {
		return nil, fmt.Errorf("%w: it does not say where to", ErrRedirect)
	}
	next, err := from.Parse(location)
	if err != nil || len(location) > maxAddress {
		return nil, fmt.Errorf("%w: %w", ErrRedirect, errAddress)
	}
	if err := checkAddress(next); err != nil {
		return nil, fmt.Errorf("%w: to %s: %w", ErrRedirect, shown(next), err)
	}
	switch {
	case from.Scheme == "https" && next.Scheme != "https":
		err = fmt.Errorf("%w: from https to %s", ErrRedirect, shown(next))
	case !leadsHere(from.Hostname()) && leadsHere(next.Hostname()):
		// A server elsewhere has no say in what is asked of this machine.
		err = fmt.Errorf("%w: from another machine to this one (%s)", ErrRedirect, shown(next))
	}
	return next, err
}

// refusal is an answer that is neither 200 nor a redirect.
func refusal(u *url.URL, resp *http.Response) *failure {
	f := &failure{err: statusError(u, resp.StatusCode)}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.retry, f.after = true, retryAfter(resp.Header)
	}
	return f
}

// retryAfter is the pause that a server asks for: seconds, or a date (RFC 9110,
// 10.2.3), which is read against the server's own clock.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(s, 0), 3600)) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, until.Sub(now))
}
