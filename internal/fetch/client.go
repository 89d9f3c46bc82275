// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package fetch is the one place that speaks HTTP. What it returns is bytes from
// somewhere, whole, and no larger than asked for; whether they are to be believed
// is for a signature to say. Its rules:
//
//   - https, or http to this very machine (localhost, 127.0.0.0/8, ::1);
//   - at most 5 redirects, never from https to http, never from elsewhere to this
//     machine, and without the caller's credential as soon as host or port differ;
//   - no userinfo in a URL, no cookies, no compression, no HTTP/2;
//   - a cap on the bytes, checked against what the server announces and again
//     while reading, and an answer that says where it ends;
//   - a limit on the time for each step, for the whole call, and for silence;
//   - TLS 1.2 or later, the system's certificate authorities and the user's own;
//   - an answer other than 200 is an error. What may pass is tried again, twice.
//
// Every error is an [*Error] and means that something could not be had. None of
// them shows a query, a password or a proxy's address.
package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Options says how a [Client] speaks. The zero value knows no proxies and no
// certificate authorities but the system's.
type Options struct {
	// Version is the program's own, sent as "User-Agent: sealwax/VERSION".
	Version string
	// Getenv looks up HTTPS_PROXY, NO_PROXY (also in lower case), SSL_CERT_FILE
	// and SEALWAX_CA_FILE, as os.Getenv does. Nil knows none.
	Getenv func(name string) string
	// Times are the limits; a zero field is its default.
	Times Times
}

// Times are how long things may take.
type Times struct {
	Connect time.Duration // 10 s: until there is a connection
	TLS     time.Duration // 10 s: until it is encrypted
	Header  time.Duration // 30 s: from the request to the first line of the answer
	Stall   time.Duration // 20 s: without a byte of the answer's content
	Call    time.Duration // 60 s: everything, redirects and second tries included
	Pause   time.Duration // 500 ms: before the second try; doubled before the third
}

func (t Times) withDefaults() Times {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&t.Connect, 10*time.Second)
	set(&t.TLS, 10*time.Second)
	set(&t.Header, 30*time.Second)
	set(&t.Stall, 20*time.Second)
	set(&t.Call, 60*time.Second)
	set(&t.Pause, 500*time.Millisecond)
	return t
}

// maxHeader is how many bytes the head of an answer may have.
const maxHeader = 64 << 10

// Client fetches. It may be used by several goroutines.
type Client struct {
	transport *http.Transport
	agent     string
	times     Times
}

// New makes a client. It fails if the environment names a proxy or a file of
// certificate authorities that cannot be used: going on without it might leak
// where the user does not want to be seen, or trust whom they do not.
func New(o Options) (*Client, error) {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	proxies, err := readProxies(o.Getenv)
	if err != nil {
		return nil, &Error{Err: err}
	}
	roots, err := readRoots(o.Getenv)
	if err != nil {
		return nil, &Error{Err: err}
	}
	t := o.Times.withDefaults()
	c := &Client{agent: "sealwax/" + o.Version, times: t}
	if o.Version == "" {
		c.agent = "sealwax"
	}
	only1 := new(http.Protocols)
	only1.SetHTTP1(true)
	c.transport = &http.Transport{
		Proxy:                  proxies.choose,
		DialContext:            dialer{t.Connect}.dial,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    t.TLS,
		ResponseHeaderTimeout:  t.Header,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           8,
		DisableCompression:     true, // what is capped is what arrives
		Protocols:              only1,
	}
	return c, nil
}

// Close lets go of connections that are kept for a next call.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// errNotHere says that the name of this machine leads elsewhere.
var errNotHere = errors.New("the name localhost does not lead to this machine")

type dialer struct{ timeout time.Duration }

// dial connects. The name localhost is held to what it promises: http is allowed
// for its sake.
func (d dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nd := net.Dialer{Timeout: d.timeout}
	if host, _, err := net.SplitHostPort(addr); err == nil && isLocalhost(host) {
		nd.Control = func(_, address string, _ syscall.RawConn) error { return onlyLoopback(address) }
	}
	conn, err := nd.DialContext(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return conn, nil
}

func onlyLoopback(address string) error {
	if ap, err := netip.ParseAddrPort(address); err == nil && ap.Addr().Unmap().IsLoopback() {
		return nil
	}
	return errNotHere
}
