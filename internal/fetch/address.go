// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// maxAddress is how long a URL may be.
const maxAddress = 8 << 10

// The ways in which an address is refused before anything is sent.
var (
	errAddress  = errors.New("this is not a URL that can be read: want https://HOST/PATH")
	errScheme   = errors.New("only https is fetched (and http from this machine itself): use https")
	errUserinfo = errors.New("a URL with a user name or password in it is refused, because URLs end up in logs")
)

// parseAddress reads a URL and refuses what is never fetched. Its errors hold
// nothing of the text: that of net/url quotes it, password and all.
func parseAddress(s string) (*url.URL, error) {
	if len(s) > maxAddress {
		return nil, errAddress
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return nil, errAddress
	}
	u.Fragment, u.RawFragment = "", "" // never sent
	return u, checkAddress(u)
}

// checkAddress says why a URL is not fetched.
func checkAddress(u *url.URL) error {
	switch {
	case u.User != nil:
		return errUserinfo
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errScheme
	case u.Opaque != "" || u.Hostname() == "":
		return errAddress
	}
	return nil
}

func isLocalhost(host string) bool { return strings.EqualFold(host, "localhost") }

// isLoopback reports whether a host, by its name, is this machine.
func isLoopback(host string) bool {
	if isLocalhost(host) {
		return true
	}
	ip, _ := netip.ParseAddr(host) // the zero address is nowhere
	return ip.Unmap().IsLoopback()
}

// leadsHere reports whether a host may be this machine, under whatever name: that
// of RFC 6761, 6.3 ("localhost." and all below it), or the address that stands for
// any of its own, to which connecting is to connect to itself.
func leadsHere(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if isLoopback(host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, _ := netip.ParseAddr(host) // the zero address is nowhere
	return ip.Unmap().IsUnspecified()
}

// endpoint is a host with its port: what a credential belongs to.
func endpoint(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// Shown is an address as it may be shown and kept: without user name and password,
// and without what a query or a fragment says, which may be a secret. It is for
// reading, and leads nowhere if something was left out.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress {
		return "an address that cannot be read"
	}
	return shown(u)
}

// shown is a URL for messages and logs: without userinfo, without what a query
// or a fragment says.
func shown(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	s := bare.String()
	if u.RawQuery != "" {
		s += "?…"
	}
	return printable(s)
}

// printable escapes what a terminal could act on or not show.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
