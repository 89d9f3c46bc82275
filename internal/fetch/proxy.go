// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// proxies says through whom a request goes. net/http's own reading of the
// environment is made once in a process and cannot be given another; what it
// reads is what is read here, except that HTTP_PROXY has no use: http is spoken
// to this machine only, and this machine is never asked through a proxy.
type proxies struct {
	https *url.URL // nil: none
	none  []exempt
}

// readProxies reads HTTPS_PROXY and NO_PROXY, or the same in lower case. The
// values are not shown: a proxy's URL may hold a password.
func readProxies(getenv func(string) string) (proxies, error) {
	var p proxies
	if v := either(getenv, "HTTPS_PROXY"); v != "" {
		if !strings.Contains(v, "://") {
			v = "http://" + v
		}
		u, err := url.Parse(v)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			return p, fmt.Errorf("HTTPS_PROXY is not the address of a proxy: want http://HOST:PORT (or https, socks5)")
		}
		p.https = u
	}
	for entry := range strings.SplitSeq(either(getenv, "NO_PROXY"), ",") {
		if entry = strings.ToLower(strings.TrimSpace(entry)); entry != "" {
			p.none = append(p.none, parseExempt(entry))
		}
	}
	return p, nil
}

func either(getenv func(string) string, name string) string {
	if v := getenv(name); v != "" {
		return v
	}
	return getenv(strings.ToLower(name))
}

// choose is the proxy for a request, nil for none.
func (p proxies) choose(r *http.Request) (*url.URL, error) {
	host, port := strings.ToLower(r.URL.Hostname()), r.URL.Port()
	if port == "" {
		port = "443"
	}
	if p.https == nil || r.URL.Scheme != "https" || isLoopback(host) {
		return nil, nil //nolint:nilnil // what http.Transport.Proxy returns for "none"
	}
	if slices.ContainsFunc(p.none, func(e exempt) bool { return e.matches(host, port) }) {
		return nil, nil //nolint:nilnil // as above
	}
	return p.https, nil
}

// exempt is one entry of NO_PROXY: "*", a network (10.0.0.0/8), or an address or
// a name with all below it, either with a port if it is for that one only. A
// leading dot, or "*.", leaves out the name itself.
type exempt struct {
	all    bool
	net    netip.Prefix
	addr   netip.Addr
	suffix string // ".example.com"
	itself bool   // "example.com" too
	port   string // empty: any
}

func parseExempt(entry string) exempt {
	if entry == "*" {
		return exempt{all: true}
	}
	if n, err := netip.ParsePrefix(entry); err == nil {
		return exempt{net: n.Masked()}
	}
	var e exempt
	host := entry
	if h, port, err := net.SplitHostPort(entry); err == nil {
		host, e.port = h, port
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		e.addr = a.Unmap()
		return e
	}
	host = strings.TrimPrefix(host, "*")
	e.itself = !strings.HasPrefix(host, ".")
	e.suffix = "." + strings.TrimPrefix(host, ".")
	return e
}

func (e exempt) matches(host, port string) bool {
	if e.all {
		return true
	}
	if e.port != "" && e.port != port {
		return false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return e.net.Contains(a.Unmap()) || e.addr == a.Unmap()
	}
	if len(e.suffix) < 2 {
		return false
	}
	return strings.HasSuffix(host, e.suffix) || e.itself && "."+host == e.suffix
}
