// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// tunnel is a proxy that leads every CONNECT to one server, whatever it names.
func tunnel(t *testing.T, to *httptest.Server, asked *[]*http.Request) *httptest.Server {
	t.Helper()
	return servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r)
		back, err := net.Dial("tcp", to.Listener.Addr().String())
		if err != nil || r.Method != http.MethodConnect {
			t.Errorf("%s %s: %v", r.Method, r.RequestURI, err)
			return
		}
		front, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(front, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(back, buf); back.Close() }()
		_, _ = io.Copy(front, back)
		front.Close()
	})
}

func TestProxy(t *testing.T) {
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			w.Header().Set("Location", "https://"+r.URL.RawQuery+"/")
			w.WriteHeader(http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "through")
	})
	var asked []*http.Request
	p := tunnel(t, s, &asked)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		asked = nil
		c := knowing(t, s, map[string]string{name: strings.Replace(p.URL, "//", "//user:geheim@", 1)})
		b, err := c.Get(t.Context(), "https://example.com/x", 9)
		if string(b) != "through" || err != nil {
			t.Fatalf("%s: %q, %v", name, b, err)
		}
		if len(asked) != 1 || asked[0].RequestURI != "example.com:443" || asked[0].Header.Get("Proxy-Authorization") == "" {
			t.Errorf("%s: the proxy was asked %v", name, asked)
		}
		for _, here := range []string{"127.0.0.1", "localhost.", "x.LOCALHOST", "0.0.0.0", "[::]", "[::ffff:0.0.0.0]"} {
			e := wantError(t, c, "https://example.com/away?"+here)
			if !errors.Is(e, ErrRedirect) || !strings.Contains(e.Error(), "to this one") {
				t.Errorf("a redirect to this machine, as %s: %v", here, e)
			}
		}
	}
}

// TestProxyRefuses: its address and password do not show, and nothing goes
// around it.
func TestProxyRefuses(t *testing.T) {
	var asked atomic.Int32
	p := servePlain(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusProxyAuthRequired)
	})
	c := newClient(t, Options{Getenv: env("HTTPS_PROXY", strings.Replace(p.URL, "//", "//user:geheim@", 1))})
	e := wantError(t, c, "https://example.com/")
	if strings.Contains(e.Error(), "geheim") || asked.Load() == 0 {
		t.Errorf("%v, asked %d times", e, asked.Load())
	}
}

func TestProxyChoice(t *testing.T) {
	const none = "corp.example, .below.example,*.star.example,10.0.0.0/8,192.0.2.7,port.example:8443,[2001:db8::1]:443,, ."
	p, err := readProxies(env("HTTPS_PROXY", "proxy.example:3128", "NO_PROXY", none))
	if err != nil {
		t.Fatal(err)
	}
	for url, through := range map[string]bool{
		"https://example.com/":           true,
		"http://127.0.0.1/":              false,
		"https://127.0.0.1/":             false,
		"https://localhost:1/":           false,
		"https://[::1]/":                 false,
		"https://corp.example/":          false,
		"https://CORP.example/":          false,
		"https://a.corp.example/":        false,
		"https://evilcorp.example/":      true,
		"https://corp.example.evil.net/": true,
		"https://below.example/":         true,
		"https://a.below.example/":       false,
		"https://star.example/":          true,
		"https://a.star.example/":        false,
		"https://10.1.2.3/":              false,
		"https://11.1.2.3/":              true,
		"https://192.0.2.7/":             false,
		"https://192.0.2.8/":             true,
		"https://port.example:8443/":     false,
		"https://port.example/":          true,
		"https://[2001:db8::1]/":         false,
		"https://[2001:db8::1]:8443/":    true,
	} {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.choose(r)
		if (got != nil) != through || err != nil {
			t.Errorf("%s: through %v, want a proxy: %v", url, got, through)
		}
	}
	all, _ := readProxies(env("https_proxy", "socks5://proxy.example", "no_proxy", "*"))
	r, _ := http.NewRequest(http.MethodGet, "https://example.com", nil)
	if got, _ := all.choose(r); got != nil {
		t.Errorf("no_proxy=*: through %v", got)
	}
}

// TestProxyBroken: a proxy that cannot be meant is no reason to go without.
func TestProxyBroken(t *testing.T) {
	for _, v := range []string{"http://", "ftp://proxy.example", "http://user:ge/heim@proxy", "://x", "\x7f"} {
		_, err := New(Options{Getenv: env("HTTPS_PROXY", v)})
		if e := (*Error)(nil); !errors.As(err, &e) || strings.Contains(err.Error(), "heim") || !strings.HasPrefix(err.Error(), "HTTPS_PROXY") {
			t.Errorf("%q: %v", v, err)
		}
	}
	if _, err := New(Options{Getenv: env("HTTP_PROXY", "ftp://unused")}); err != nil {
		t.Error(err)
	}
}

func TestRoots(t *testing.T) {
	s := serveTLS(t, say("known"))
	path := writeRoot(t, s)
	for _, name := range []string{"SEALWAX_CA_FILE", "SSL_CERT_FILE"} {
		c := newClient(t, Options{Getenv: env(name, path)})
		if b, err := c.Get(t.Context(), s.URL, 9); string(b) != "known" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if err := CheckRoots(path); err != nil {
		t.Error(err)
	}
}

func TestRootsBroken(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.pem")
	large := filepath.Join(dir, "large.pem")
	for path, size := range map[string]int64{text: 100, large: maxRoots + 1} {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		text:                          "holds no certificate",
		large:                         "more than",
		dir:                           "not a regular file",
		filepath.Join(dir, "missing"): "no such file",
	} {
		for _, name := range []string{"SEALWAX_CA_FILE", "SSL_CERT_FILE"} {
			_, err := New(Options{Getenv: env(name, path)})
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s=%s: %v, want %q", name, path, err, want)
			}
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		"https://example.com/a?b#c", "http://localhost:1/", "https://u:p@h/", "https://[::1%25eth0]/", "HTTPS://H", "https://h:99999/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseAddress(s)
		if err != nil || len(u.String()) > maxAddress { // escapes are longer
			return
		}
		again, err := parseAddress(u.String())
		if err != nil {
			t.Fatalf("%q was read and %q is refused: %v", s, u, err)
		}
		if endpoint(again) != endpoint(u) {
			t.Fatalf("%q names %q and then %q", s, endpoint(u), endpoint(again))
		}
		if strings.ContainsAny(shown(u), "\x1b\n") {
			t.Fatalf("%q is shown as %q", s, shown(u))
		}
	})
}
