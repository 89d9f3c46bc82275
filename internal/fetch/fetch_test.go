// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serveTLS is a server whose certificate is for example.com, 127.0.0.1 and ::1.
func serveTLS(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func servePlain(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func writeRoot(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// quick are limits under which a test that waits for one of them is over soon.
func quick() Times { return Times{Pause: time.Millisecond} }

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Times == (Times{}) {
		o.Times = quick()
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// knowing is a client that knows the server's certificate.
func knowing(t *testing.T, s *httptest.Server, more map[string]string) *Client {
	t.Helper()
	path := writeRoot(t, s)
	return newClient(t, Options{Version: "1.2.3", Getenv: func(n string) string {
		if n == "SEALWAX_CA_FILE" {
			return path
		}
		return more[n]
	}})
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func sendTo(url string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, http.StatusFound) }
}

// wantError fetches and returns the error, which must be an *Error.
func wantError(t *testing.T, c *Client, url string) *Error {
	t.Helper()
	b, err := c.Get(t.Context(), url, 100)
	if e := (*Error)(nil); errors.As(err, &e) && b == nil {
		return e
	}
	t.Fatalf("%s: got %q, %v; want no bytes and an *Error", url, b, err)
	return nil
}

func TestGet(t *testing.T) {
	var got http.Header
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = io.WriteString(w, "hello")
	})
	b, err := knowing(t, s, nil).Get(t.Context(), s.URL+"/a?b=c", 5)
	if string(b) != "hello" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	if len(got) != 1 || got.Get("User-Agent") != "sealwax/1.2.3" {
		t.Errorf("headers %v, want the user agent alone", got)
	}
}

func TestSchemes(t *testing.T) {
	c := newClient(t, Options{})
	for _, tc := range []struct {
		url  string
		want error
	}{
		{"http://example.com/", errScheme},
		{"http://127.0.0.1.example.com/", errScheme},
		{"http://localhost.example.com/", errScheme},
		{"http://0.0.0.0/", errScheme},
		{"http://127.1/", errScheme},
		{"http://10.0.0.1/", errScheme},
		{"ftp://127.0.0.1/", errScheme},
		{"file:///etc/passwd", errScheme},
		{"https:///path", errAddress},
		{"https:opaque", errAddress},
		{"//host/path", errAddress},
		{"path", errAddress},
		{"", errAddress},
		{"https://ho st/", errAddress},
		{"https://example.com/" + strings.Repeat("a", maxAddress), errAddress},
		{"https://user@example.com/", errUserinfo},
		{"https://user:geheim@example.com/", errUserinfo},
		{"https://user:ge/heim@example.com/", errAddress},
	} {
		if e := wantError(t, c, tc.url); !errors.Is(e, tc.want) || strings.Contains(e.Error(), "heim") {
			t.Errorf("%.40s: %v, want %v", tc.url, e, tc.want)
		}
	}
}

// TestPlainHere: http is spoken to this machine, under each of its names.
func TestPlainHere(t *testing.T) {
	s := servePlain(t, say("here"))
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := newClient(t, Options{})
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST"} {
		if b, err := c.Get(t.Context(), "http://"+host+":"+port, 9); string(b) != "here" {
			t.Errorf("%s: %q, %v", host, b, err)
		}
	}
	for host, want := range map[string]bool{
		"::1": true, "127.255.255.254": true, "::ffff:127.0.0.1": true, "localhost": true,
		"::2": false, "128.0.0.1": false, "localhost.": false, "": false,
	} {
		if isLoopback(host) != want {
			t.Errorf("isLoopback(%q) is not %v", host, want)
		}
	}
}

// TestLocalhostElsewhere: a name service that lies about localhost gets no http.
func TestLocalhostElsewhere(t *testing.T) {
	for address, ok := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "192.0.2.1:80": false, "x": false} {
		if err := onlyLoopback(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestMayPass: what will be the same next time is not asked again.
func TestMayPass(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{errNotHere, false},
		{&net.DNSError{IsNotFound: true}, false},
		{&net.DNSError{IsTimeout: true}, true},
		{&tls.CertificateVerificationError{Err: io.EOF}, false},
		{io.ErrUnexpectedEOF, true},
	} {
		if mayPass(fmt.Errorf("on the way: %w", tc.err)) != tc.want {
			t.Errorf("%v: not %v", tc.err, tc.want)
		}
	}
}

func TestUnknownAuthority(t *testing.T) {
	var asked atomic.Int32
	s := serveTLS(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	e := wantError(t, newClient(t, Options{}), s.URL)
	if cert := (*tls.CertificateVerificationError)(nil); !errors.As(e, &cert) || e.Temporary || asked.Load() != 0 {
		t.Errorf("%v, asked %d times", e, asked.Load())
	}
}

// TestOldTLS: a server that speaks nothing later than TLS 1.1 is not spoken to.
func TestOldTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(say("old"))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	c := knowing(t, s, nil)
	if c.transport.TLSClientConfig.MinVersion != tls.VersionTLS12 {
		t.Error("the oldest version allowed is not 1.2")
	}
	wantError(t, c, s.URL)
}

func TestRedirects(t *testing.T) {
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err == nil && n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d", n-1), []int{301, 302, 303, 307, 308}[n%5])
			return
		}
		_, _ = io.WriteString(w, "end")
	})
	c := knowing(t, s, nil)
	if b, err := c.Get(t.Context(), s.URL+"/5", 9); string(b) != "end" {
		t.Errorf("5 redirects: %q, %v", b, err)
	}
	if e := wantError(t, c, s.URL+"/6"); !errors.Is(e, ErrRedirect) {
		t.Errorf("6 redirects: %v", e)
	}
}

func TestRedirectsRefused(t *testing.T) {
	plain := servePlain(t, say("downgraded"))
	for _, tc := range []struct{ to, want string }{
		{plain.URL + "/x?token=geheim", "from https to http://127.0.0.1"},
		{"http://example.com/", "only https"},
		{"https://user:geheim@example.com/", "user name or password"},
		{"ftp://example.com/", "only https"},
		{"https://example.com:geheim/", "not a URL"},
		{"", "does not say where"},
		{"/" + strings.Repeat("a", maxAddress), "not a URL"},
	} {
		s := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", tc.to)
			w.WriteHeader(http.StatusFound)
		})
		e := wantError(t, knowing(t, s, nil), s.URL)
		if !errors.Is(e, ErrRedirect) || !strings.Contains(e.Error(), tc.want) || strings.Contains(e.Error(), "geheim") {
			t.Errorf("to %s: %v", tc.to, e)
		}
		if e.Status != http.StatusFound {
			t.Errorf("to %s: status %d", tc.to, e.Status)
		}
	}
}

// TestRedirectUpwards: from http on this machine to https is no loss.
func TestRedirectUpwards(t *testing.T) {
	s := serveTLS(t, say("safe"))
	plain := servePlain(t, sendTo(s.URL))
	if b, err := knowing(t, s, nil).Get(t.Context(), plain.URL, 9); string(b) != "safe" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestCredential: what is for one host and port is for no other, and comes back
// if the way does.
func TestCredential(t *testing.T) {
	var here, there string
	var home *httptest.Server
	other := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		there = r.Header.Get("Authorization")
		http.Redirect(w, r, home.URL+"/back", http.StatusTemporaryRedirect)
	})
	home = serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		here += r.URL.Path + "=" + r.Header.Get("Authorization") + " "
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/same", http.StatusFound)
		case "/same":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, other.URL, http.StatusFound)
		default:
			if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" {
				t.Errorf("a cookie or a referrer is sent: %v", r.Header)
			}
			_, _ = io.WriteString(w, "ok")
		}
	})
	var b bytes.Buffer
	call := Call{URL: home.URL + "/", Max: 9, Authorization: "Bearer geheim", Accept: "text/plain"}
	if err := knowing(t, home, nil).Stream(t.Context(), call, &b); err != nil || b.String() != "ok" {
		t.Fatalf("%q, %v", b.String(), err)
	}
	if there != "" {
		t.Errorf("the other port was told %q", there)
	}
	if want := "/=Bearer geheim /same=Bearer geheim /back=Bearer geheim "; here != want {
		t.Errorf("%q, want %q", here, want)
	}
}

func TestEndpoint(t *testing.T) {
	same := [][2]string{{"https://A.example/x", "https://a.example:443/y"}, {"http://localhost", "http://LOCALHOST:80"}}
	differ := [][2]string{
		{"https://a.example", "https://a.example:444"},
		{"https://a.example", "https://b.a.example"},
		{"https://localhost:80", "http://localhost:80"},
	}
	at := func(s string) string {
		u, err := parseAddress(s)
		if err != nil {
			t.Fatal(err)
		}
		return endpoint(u)
	}
	for _, p := range same {
		if at(p[0]) != at(p[1]) {
			t.Errorf("%s and %s are not one endpoint", p[0], p[1])
		}
	}
	for _, p := range differ {
		if at(p[0]) == at(p[1]) {
			t.Errorf("%s and %s are one endpoint", p[0], p[1])
		}
	}
}

func TestCap(t *testing.T) {
	read := make(chan bool, 1)
	s := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/announced": // and never sent: it must not be waited for
			w.Header().Set("Content-Length", "101")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			read <- true
		case "/empty":
		case "/chunked":
			for range 101 {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
			}
		default:
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		}
	})
	c := newClient(t, Options{})
	for _, path := range []string{"/announced", "/chunked"} {
		if e := wantError(t, c, s.URL+path); !errors.Is(e, ErrTooLarge) || !strings.Contains(e.Error(), "100 bytes") {
			t.Errorf("%s: %v", path, e)
		}
	}
	<-read
	if b, err := c.Get(t.Context(), s.URL, 100); len(b) != 100 || err != nil {
		t.Errorf("exactly the cap: %d bytes, %v", len(b), err)
	}
	for _, limit := range []int64{0, -1} {
		for _, path := range []string{"/", "/empty"} {
			if _, err := c.Get(t.Context(), s.URL+path, limit); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, cap %d: %v", path, limit, err)
			}
		}
	}
	var b bytes.Buffer
	err := c.Stream(t.Context(), Call{URL: s.URL + "/chunked", Max: 100}, &b)
	if !errors.Is(err, ErrTooLarge) || b.Len() > 100 {
		t.Errorf("streamed %d bytes, %v", b.Len(), err)
	}
}

// TestLargeHeader: the head of an answer has a cap as well.
func TestLargeHeader(t *testing.T) {
	s := servePlain(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxHeader))
	})
	wantError(t, newClient(t, Options{}), s.URL)
}

// TestEncoding: compressed content, which nobody asked for, might be a bomb.
func TestEncoding(t *testing.T) {
	s := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Error("an encoding is asked for")
		}
		w.Header().Set("Content-Encoding", strings.TrimPrefix(r.URL.Path, "/"))
		_, _ = io.WriteString(w, "x")
	})
	c := newClient(t, Options{})
	if e := wantError(t, c, s.URL+"/gzip"); !errors.Is(e, errEncoding) {
		t.Error(e)
	}
	if _, err := c.Get(t.Context(), s.URL+"/identity", 9); err != nil {
		t.Error(err)
	}
}

// raw answers each connection with a text and closes it.
func raw(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, text)
			conn.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestCutShort: an answer that ends early is an error, not a shorter document.
func TestCutShort(t *testing.T) {
	for text, want := range map[string]error{
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf":               io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf": io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf":               errNoEnd,
		"HTTP/1.0 200 OK\r\n\r\nhalf":                                    errNoEnd,
	} {
		if e := wantError(t, newClient(t, Options{}), raw(t, text)); !errors.Is(e, want) {
			t.Errorf("%q: %v, want %v", text, e, want)
		}
	}
}

func TestExpected(t *testing.T) {
	s := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush()
		}
		_, _ = io.WriteString(w, "hello")
	})
	right, wrong := sha256.Sum256([]byte("hello")), sha256.Sum256([]byte("hullo"))
	c := newClient(t, Options{})
	for _, path := range []string{"/", "/chunked"} {
		for _, tc := range []struct {
			sum  []byte
			size int64
			want error
		}{
			{nil, 0, nil},
			{right[:], 5, nil},
			{wrong[:], 0, ErrOtherBytes},
			{right[:16], 0, ErrOtherBytes},
			{nil, 4, ErrOtherBytes},
			{nil, 6, ErrOtherBytes},
		} {
			err := c.Stream(t.Context(), Call{URL: s.URL + path, Max: 9, SHA256: tc.sum, Size: tc.size}, io.Discard)
			if !errors.Is(err, tc.want) {
				t.Errorf("%s %x %d: %v, want %v", path, tc.sum, tc.size, err, tc.want)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	var status atomic.Int32
	s := servePlain(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, "body")
	})
	c := newClient(t, Options{})
	for _, tc := range []struct {
		status    int
		temporary bool
		want      error
	}{
		{201, false, nil},
		{203, false, nil},
		{206, false, nil},
		{304, false, nil},
		{400, false, nil},
		{401, false, nil},
		{403, false, nil},
		{404, false, ErrNotFound},
		{410, false, ErrNotFound},
		{429, true, nil},
		{500, true, nil},
		{503, true, nil},
		{799, true, nil},
	} {
		status.Store(int32(tc.status))
		e := wantError(t, c, s.URL+"/p?q=geheim")
		if e.Status != tc.status || e.Temporary != tc.temporary || (tc.want != nil && !errors.Is(e, tc.want)) {
			t.Errorf("%d: %+v", tc.status, e)
		}
		if e.URL != s.URL+"/p?…" || strings.Contains(e.Error(), "geheim") {
			t.Errorf("%d: %v", tc.status, e)
		}
	}
}

// TestHostileWords: what a server calls its answer is not shown, and what is
// shown is fit for a terminal.
func TestHostileWords(t *testing.T) {
	e := wantError(t, newClient(t, Options{}), raw(t, "HTTP/1.1 418 \x1b[31mred\r\nContent-Length: 0\r\n\r\n"))
	if strings.Contains(e.Error(), "red") {
		t.Errorf("%q", e.Error())
	}
	e = &Error{URL: "https://a", Err: errors.New("\x1b[31m\u202e")}
	if got := e.Error(); got != `fetching https://a: \x1b[31m\u202e` {
		t.Errorf("%q", got)
	}
}

func TestTriesAgain(t *testing.T) {
	for _, tc := range []struct {
		name    string
		answers []int // statuses in turn; 0 breaks the connection
		asked   int32
		ok      bool
	}{
		{"busy twice", []int{503, 429, 200}, 3, true},
		{"busy for ever", []int{503, 503, 503, 200}, 3, false},
		{"broken twice", []int{0, 0, 200}, 3, true},
		{"broken for ever", []int{0, 0, 0, 200}, 3, false},
		{"other trouble", []int{500, 200}, 1, false},
		{"nothing there", []int{404, 200}, 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var asked atomic.Int32
			s := servePlain(t, func(w http.ResponseWriter, _ *http.Request) {
				status := tc.answers[asked.Add(1)-1]
				if status != 0 {
					w.WriteHeader(status)
					_, _ = io.WriteString(w, "ok")
					return
				}
				w.Header().Set("Content-Length", "2") // and one byte of it
				_, _ = io.WriteString(w, "o")
			})
			b, err := newClient(t, Options{}).Get(t.Context(), s.URL, 9)
			if (err == nil) != tc.ok || (tc.ok && string(b) != "ok") || asked.Load() != tc.asked {
				t.Errorf("%q, %v, asked %d times, want %d", b, err, asked.Load(), tc.asked)
			}
		})
	}
}

// TestStreamTriesOnce: bytes that were passed on cannot be taken back.
func TestStreamTriesOnce(t *testing.T) {
	var asked atomic.Int32
	s := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); r.URL.Path == "/busy" && n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Length", "2")
		_, _ = io.WriteString(w, "o")
		if r.URL.Path == "/busy" {
			_, _ = io.WriteString(w, "k")
		}
	})
	c := newClient(t, Options{})
	var b bytes.Buffer
	if err := c.Stream(t.Context(), Call{URL: s.URL, Max: 9}, &b); err == nil || b.String() != "o" || asked.Load() != 1 {
		t.Errorf("%q, %v, asked %d times", b.String(), err, asked.Load())
	}
	asked.Store(0)
	b.Reset()
	if err := c.Stream(t.Context(), Call{URL: s.URL + "/busy", Max: 9}, &b); err != nil || b.String() != "ok" {
		t.Errorf("before the first byte: %q, %v", b.String(), err)
	}
}

type fullDisk struct{ err error }

func (d fullDisk) Write([]byte) (int, error) { return 0, d.err }

// TestWriterFails: that is not the network's fault, and another try is no help.
func TestWriterFails(t *testing.T) {
	var asked atomic.Int32
	s := servePlain(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "x")
	})
	full := errors.New("no space left")
	err := newClient(t, Options{}).Stream(t.Context(), Call{URL: s.URL, Max: 9}, fullDisk{full})
	if e := (*Error)(nil); !errors.Is(err, full) || !errors.As(err, &e) || e.Temporary || asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Tue, 24 Nov 2026 12:00:00 GMT"
	for _, tc := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", date, 0},
		{"7", "", 7 * time.Second},
		{"-7", "", 0},
		{"soon", "", 0},
		{"99999999", "", time.Hour},
		{"Tue, 24 Nov 2026 12:00:09 GMT", date, 9 * time.Second},
		{"Tue, 24 Nov 2026 11:00:00 GMT", date, 0},
		{"Tue, 24 Nov 2026 12:00:09 GMT", "", 0},
	} {
		h := http.Header{}
		h.Set("Retry-After", tc.value)
		h.Set("Date", tc.date)
		if got := retryAfter(h); got != tc.want {
			t.Errorf("%q at %q: %v, want %v", tc.value, tc.date, got, tc.want)
		}
	}
	for after, again := range map[time.Duration]bool{0: true, maxWait: true, maxWait + time.Second: false} {
		wait, ok := (&failure{retry: true, after: after}).next(time.Second)
		if ok != again || wait != max(after, time.Second) {
			t.Errorf("after %v: %v, %v", after, wait, ok)
		}
	}
}

// TestWaitsNoLonger: a server that wants a long pause gets no second question.
func TestWaitsNoLonger(t *testing.T) {
	var asked atomic.Int32
	s := servePlain(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "3000")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	if e := wantError(t, newClient(t, Options{}), s.URL); !e.Temporary || asked.Load() != 1 {
		t.Errorf("%v, asked %d times", e, asked.Load())
	}
}

// TestTimes: each step has its limit, and the error says which.
func TestTimes(t *testing.T) {
	silent := servePlain(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	half := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	const short = 50 * time.Millisecond
	for _, tc := range []struct {
		name, url string
		times     Times
		want      string
	}{
		{"header", silent.URL, Times{Header: short}, "awaiting response headers"},
		{"stall", half.URL, Times{Stall: short}, "no byte for 50ms"},
		{"call", half.URL, Times{Call: short}, "not done after 50ms"},
		{"tls", "https://" + deaf.Addr().String(), Times{TLS: short}, "TLS handshake timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.times.Pause = time.Millisecond
			e := wantError(t, newClient(t, Options{Times: tc.times}), tc.url)
			if !strings.Contains(e.Error(), tc.want) || !e.Temporary || errors.Is(e, context.Canceled) {
				t.Errorf("%v (temporary: %v)", e, e.Temporary)
			}
		})
	}
	err = newClient(t, Options{}).Stream(t.Context(), Call{URL: half.URL, Max: 9, Timeout: short}, io.Discard)
	if !errors.Is(err, errTooLong) {
		t.Errorf("a call's own limit: %v", err)
	}
	if got := (dialer{short}).timeout; got != short || (Times{}).withDefaults().Connect != 10*time.Second {
		t.Error("connecting has no limit")
	}
}

// TestCancelled: the caller's word ends it, at once and for that reason.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := servePlain(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := newClient(t, Options{}).Get(ctx, s.URL, 9)
	if e := (*Error)(nil); !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Temporary {
		t.Errorf("%v", err)
	}
	busy := servePlain(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c := newClient(t, Options{Times: Times{Pause: time.Hour}})
	if _, err := c.Get(ctx, busy.URL, 9); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while waiting for the next try: %v", err)
	}
}

// TestShown: an address is kept without what may be a secret in it.
func TestShown(t *testing.T) {
	for _, tt := range []struct{ address, want string }{
		{"https://example.com/a.publisher", "https://example.com/a.publisher"},
		{"HTTPS://me:secret@example.com:444/a%2Fb?token=secret#secret", "https://example.com:444/a%2Fb?…"},
		{"https://example.com/\x1b[2J?secret", "an address that cannot be read"},
		{"https://example.com/" + strings.Repeat("x", maxAddress), "an address that cannot be read"},
		{"https://example.com/é\u202e", "https://example.com/%C3%A9%E2%80%AE"},
	} {
		if got := Shown(tt.address); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.address, got, tt.want)
		}
	}
}
