// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostDir is an absolute path on the machine that runs the test.
func hostDir() string {
	if runtime.GOOS == "windows" {
		return `C:\data`
	}
	return "/srv/data"
}

func job() Job {
	return Job{
		Entrypoint: "_start",
		Args:       []string{"hello.wasm", "-v", "grüße"},
		Env:        []string{"LANG=C", "EMPTY="},
		Cwd:        "/",
		Mounts:     []Mount{{Host: hostDir(), Guest: "/", Writable: true}},
		Limits:     Limits{Linear: 1 << 30, Total: 2 << 30},
	}
}

func compileCommand() Compile {
	return Compile{
		Size: 7, CPU: "baseline", Features: []string{"+sse3", "-avx"}, OptLevel: "speed_and_size",
		Imports: []string{"wasi_snapshot_preview1.*"}, Limits: Limits{Total: 1 << 30},
	}
}

func TestRoundTrip(t *testing.T) {
	messages := []Message{
		Hello{Protocol: Protocol, Name: "sealwax", Version: "v0.1.0", Engine: "wazero", EngineVersion: "v1.12.0"},
		job(),
		compileCommand(),
		Compile{CPU: "native", OptLevel: "none", Imports: []string{}, Limits: Limits{Total: 1}},
		Translate{Size: 3, Limits: Limits{Total: 1}},
		Kept{Size: 1},
		Compiled{Size: 9, Target: "x86_64-unknown-linux-gnu", CPU: "baseline", Features: []string{"+sse4.1"}, OptLevel: "speed"},
		Translated{Size: 8},
		Started{},
		Exited{Code: 0},
		Exited{Code: 1<<32 - 1},
		Failed{Kind: Trap, Message: "unreachable\nline 2"},
	}
	var wire bytes.Buffer
	for _, m := range messages {
		if err := errors.Join(WriteGrease(&wire), Write(&wire, m)); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(&wire, MaxCommand)
	for _, want := range messages {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

// TestWireForm pins the bytes of docs/formats/helper-protocol.md.
func TestWireForm(t *testing.T) {
	for want, m := range map[string]Message{
		`{"type":"started","body":{}}`:                                     Started{},
		`{"type":"exited","body":{"code":3}}`:                              Exited{Code: 3},
		`{"type":"failed","body":{"kind":"trap","message":"unreachable"}}`: Failed{Kind: Trap, Message: "unreachable"},
		`{"type":"hello","body":{"protocol":"sealwax-helper/1","name":"sealwax","version":"v1","engine":"wazero","engine_version":"v1.12.0","binding":"","library":""}}`: Hello{Protocol: Protocol, Name: "sealwax", Version: "v1", Engine: "wazero", EngineVersion: "v1.12.0"},
		`{"type":"kept","body":{"size":4}}`:       Kept{Size: 4},
		`{"type":"translated","body":{"size":4}}`: Translated{Size: 4},
		`{"type":"compile","body":{"size":0,"cpu":"baseline","features":null,"opt_level":"speed","imports":null,"limits":{"total_memory":5}}}`: Compile{CPU: "baseline", OptLevel: "speed", Limits: Limits{Total: 5}},
	} {
		got, err := Marshal(m)
		if err != nil || string(got) != want {
			t.Errorf("Marshal = %s, %v; want %s", got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	limits := `"limits":{"linear_memory":1,"total_memory":1}`
	const total = `"limits":{"total_memory":1}`
	host := `"host":` + quote(hostDir())
	for name, line := range map[string]string{
		"empty":                    ``,
		"array":                    `[]`,
		"blank in front":           ` {"type":"started","body":{}}`,
		"field without a name":     `{"type":"news","":1}`,
		"no type":                  `{"body":{}}`,
		"type not a string":        `{"type":7,"body":{}}`,
		"two types":                `{"type":"started","type":"exited","body":{}}`,
		"type in capitals":         `{"Type":"started","body":{}}`,
		"something behind":         `{"type":"started","body":{}} {}`,
		"unknown envelope field":   `{"type":"started","body":{},"x":1}`,
		"unknown field":            `{"type":"started","body":{"x":1}}`,
		"no body":                  `{"type":"started"}`,
		"body null":                `{"type":"started","body":null}`,
		"not UTF-8":                "{\"type\":\"failed\",\"body\":{\"kind\":\"trap\",\"message\":\"\xff\"}}",
		"exited without code":      `{"type":"exited","body":{}}`,
		"exited with null":         `{"type":"exited","body":{"code":null}}`,
		"exited negative":          `{"type":"exited","body":{"code":-1}}`,
		"exited too big":           `{"type":"exited","body":{"code":4294967296}}`,
		"code in capitals":         `{"type":"exited","body":{"Code":0}}`,
		"code twice":               `{"type":"exited","body":{"code":1,"code":0}}`,
		"failed without kind":      `{"type":"failed","body":{"message":"x"}}`,
		"hello without protocol":   `{"type":"hello","body":{"name":"x","engine":"y"}}`,
		"hello without engine":     `{"type":"hello","body":{"protocol":"p","name":"x"}}`,
		"long s for s":             `{"type":"started","body":{},"ſ":1}`,
		"job without entry point":  `{"type":"job","body":{"args":["a"],` + limits + `}}`,
		"job without name":         `{"type":"job","body":{"entrypoint":"f",` + limits + `}}`,
		"job without limits":       `{"type":"job","body":{"entrypoint":"f","args":["a"]}}`,
		"total below linear":       `{"type":"job","body":{"entrypoint":"f","args":["a"],"limits":{"linear_memory":2,"total_memory":1}}}`,
		"argument with NUL":        `{"type":"job","body":{"entrypoint":"f","args":["a\u0000"],` + limits + `}}`,
		"variable without =":       `{"type":"job","body":{"entrypoint":"f","args":["a"],"env":["A"],` + limits + `}}`,
		"variable with NUL":        `{"type":"job","body":{"entrypoint":"f","args":["a"],"env":["A=\u0000"],` + limits + `}}`,
		"guest with NUL":           `{"type":"job","body":{"entrypoint":"f","args":["a"],"mounts":[{` + host + `,"guest":"/\u0000"}],` + limits + `}}`,
		"host with NUL":            `{"type":"job","body":{"entrypoint":"f","args":["a"],"mounts":[{"host":` + `"/srv\u0000","guest":"/"}],` + limits + `}}`,
		"variable without name":    `{"type":"job","body":{"entrypoint":"f","args":["a"],"env":["=A"],` + limits + `}}`,
		"relative host":            `{"type":"job","body":{"entrypoint":"f","args":["a"],"mounts":[{"host":"x","guest":"/"}],` + limits + `}}`,
		"relative guest":           `{"type":"job","body":{"entrypoint":"f","args":["a"],"mounts":[{` + host + `,"guest":"x"}],` + limits + `}}`,
		"guest with ..":            `{"type":"job","body":{"entrypoint":"f","args":["a"],"mounts":[{` + host + `,"guest":"/a/.."}],` + limits + `}}`,
		"two folders at one place": `{"type":"job","body":{"entrypoint":"f","args":["a"],"mounts":[{` + host + `,"guest":"/"},{` + host + `,"guest":"/"}],` + limits + `}}`,
		"relative working folder":  `{"type":"job","body":{"entrypoint":"f","args":["a"],"cwd":"x",` + limits + `}}`,
		"unknown form":             `{"type":"job","body":{"form":"text","entrypoint":"f","args":["a"],` + limits + `}}`,
		"negative size":            `{"type":"job","body":{"size":-1,"entrypoint":"f","args":["a"],` + limits + `}}`,
		"negative stack":           `{"type":"job","body":{"max_stack":-1,"entrypoint":"f","args":["a"],` + limits + `}}`,
		"compile without limits":   `{"type":"compile","body":{"cpu":"native","opt_level":"speed"}}`,
		"compile, linear memory":   `{"type":"compile","body":{"cpu":"native","opt_level":"speed",` + limits + `}}`,
		"compile, negative size":   `{"type":"compile","body":{"size":-1,"cpu":"native","opt_level":"speed",` + total + `}}`,
		"compile without CPU":      `{"type":"compile","body":{"opt_level":"speed",` + total + `}}`,
		"compile, odd CPU":         `{"type":"compile","body":{"cpu":"a b","opt_level":"speed",` + total + `}}`,
		"compile, long CPU":        `{"type":"compile","body":{"cpu":"` + strings.Repeat("a", 65) + `","opt_level":"speed",` + total + `}}`,
		"compile, odd level":       `{"type":"compile","body":{"cpu":"native","opt_level":"fast",` + total + `}}`,
		"compile, no sign":         `{"type":"compile","body":{"cpu":"native","opt_level":"speed","features":["sse3"],` + total + `}}`,
		"compile, empty feature":   `{"type":"compile","body":{"cpu":"native","opt_level":"speed","features":[""],` + total + `}}`,
		"compile, sign alone":      `{"type":"compile","body":{"cpu":"native","opt_level":"speed","features":["+"],` + total + `}}`,
		"compile, many features":   `{"type":"compile","body":{"cpu":"native","opt_level":"speed","features":["+a"` + strings.Repeat(`,"+a"`, 256) + `],` + total + `}}`,
		"compile, empty pattern":   `{"type":"compile","body":{"cpu":"native","opt_level":"speed","imports":[""],` + total + `}}`,
		"compile, NUL pattern":     `{"type":"compile","body":{"cpu":"native","opt_level":"speed","imports":["a\u0000"],` + total + `}}`,
		"compile, long pattern":    `{"type":"compile","body":{"cpu":"native","opt_level":"speed","imports":["` + strings.Repeat("a", 1025) + `"],` + total + `}}`,
		"compile, many patterns":   `{"type":"compile","body":{"cpu":"native","opt_level":"speed","imports":["a"` + strings.Repeat(`,"a"`, 65536) + `],` + total + `}}`,
		"translate without limits": `{"type":"translate","body":{}}`,
		"translate, negative size": `{"type":"translate","body":{"size":-1,` + total + `}}`,
		"translate, linear memory": `{"type":"translate","body":{` + limits + `}}`,
		"kept without size":        `{"type":"kept","body":{}}`,
		"translated without size":  `{"type":"translated","body":{}}`,
		"compiled without size":    `{"type":"compiled","body":{"target":"t","cpu":"c","opt_level":"speed"}}`,
		"compiled without target":  `{"type":"compiled","body":{"size":1,"cpu":"c","opt_level":"speed"}}`,
		"compiled, minus":          `{"type":"compiled","body":{"size":1,"target":"t","cpu":"c","opt_level":"speed","features":["-a"]}}`,
		"deep":                     `{"type":"x","body":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
	} {
		m, err := Parse([]byte(line))
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: Parse = %v, %v; want an error that wraps ErrProtocol", name, m, err)
		}
	}
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `\`, `\\`) + `"` }

func TestUnknownTypesAreSkipped(t *testing.T) {
	r := NewReader(strings.NewReader("{\"type\":\"news\",\"body\":[1],\"more\":2}\n{\"type\":\"started\",\"body\":{}}\n"), MaxEvent)
	m, err := r.Next()
	if _, ok := m.(Started); !ok {
		t.Fatalf("Next = %v, %v; want Started", m, err)
	}
	r = NewReader(strings.NewReader(strings.Repeat("{\"type\":\"news\"}\n", maxUnknown+1)), MaxEvent)
	if m, err := r.Next(); !errors.Is(err, ErrProtocol) {
		t.Errorf("Next = %v, %v; want the flood refused", m, err)
	}
}

func TestLongLinesAreRefusedWhileReading(t *testing.T) {
	head := `{"type":"failed","body":{"kind":"trap","message":"`
	src := &counting{r: io.MultiReader(strings.NewReader(head), endless('a'))}
	if _, err := NewReader(src, MaxEvent).Next(); !errors.Is(err, ErrProtocol) {
		t.Fatalf("err = %v, want ErrProtocol", err)
	}
	if src.n > 2*MaxEvent {
		t.Errorf("read %d bytes of a message that may have %d", src.n, MaxEvent)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestLastWordsOfADyingHelper(t *testing.T) {
	r := NewReader(strings.NewReader("{\"type\":\"started\",\"body\":{}}\nfatal error: out of memory\n"), MaxEvent)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	_, err := r.Next()
	var crash *CrashError
	if !errors.As(err, &crash) || !strings.Contains(crash.Text, "out of memory") {
		t.Errorf("err = %v, want its last words", err)
	}
	r = NewReader(strings.NewReader(`{"type":"started"`), MaxEvent)
	if _, err := r.Next(); !errors.Is(err, ErrProtocol) {
		t.Errorf("half a message: err = %v", err)
	}
}

func TestWriteRefusesWhatWouldArriveChanged(t *testing.T) {
	for name, spoil := range map[string]func(*Job){
		"argument":  func(j *Job) { j.Args[1] = "\xff" },
		"variable":  func(j *Job) { j.Env[0] = "A=\xff" },
		"place":     func(j *Job) { j.Mounts[0].Guest = "/\xff" },
		"folder":    func(j *Job) { j.Mounts[0].Host = filepath.Join(hostDir(), "\xff") },
		"no limits": func(j *Job) { j.Limits = Limits{} },
		"too long":  func(j *Job) { j.Args[1] = strings.Repeat("a", MaxCommand) },
	} {
		j := job()
		spoil(&j)
		if err := Write(io.Discard, j); err == nil {
			t.Errorf("%s: was sent", name)
		}
	}
}

func TestWriteRefusesPatternsThatWouldArriveChanged(t *testing.T) {
	c := compileCommand()
	c.Imports = append(c.Imports, "\xff")
	if err := Write(io.Discard, c); err == nil {
		t.Error("was sent")
	}
}

// TestDocumentedMessages parses every example of the format's page.
func TestDocumentedMessages(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats/helper-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	var found int
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, `{"type":"`) {
			continue
		}
		found++
		if _, err := Parse([]byte(line)); err != nil && runtime.GOOS != "windows" {
			t.Errorf("%s: %v", line, err)
		}
	}
	if found < 5 {
		t.Errorf("only %d examples in the page", found)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range []Message{job(), compileCommand(), Translate{Limits: Limits{Total: 1}}, Kept{Size: 1}, Translated{Size: 1}, Started{}, Exited{Code: 1}, Failed{Kind: Trap}} {
		line, err := Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := Parse(line)
		if err != nil || m == nil {
			return
		}
		again, err := Marshal(m)
		if err != nil {
			return // larger than its limit once rewritten
		}
		back, err := Parse(again)
		if d := cmp.Diff(m, back); err != nil || d != "" {
			t.Errorf("Parse(Marshal(m)) differs: %v %s", err, d)
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("{\"type\":\"started\",\"body\":{}}\n{\"type\":\"exited\",\"body\":{\"code\":0}}\nfatal"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewReader(bytes.NewReader(stream), MaxEvent)
		for range 100 {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
}
