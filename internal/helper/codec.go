// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrProtocol is wrapped by every error about what the other side sent.
var ErrProtocol = errors.New("helper protocol")

// maxUnknown is how many messages of unknown type one reader skips.
const maxUnknown = 1024

// maxCrashText is how much of a dying helper's last words is kept.
const maxCrashText = 8 << 10

// CrashError carries what the other side wrote instead of a message: the last
// words of a runtime that died. Text is untrusted; escape it before printing.
type CrashError struct{ Text string }

// Error says that the helper died, without its words.
func (e *CrashError) Error() string { return "the helper died in the middle of its work" }

// Reader decodes messages. It is for one goroutine.
type Reader struct {
	r       *bufio.Reader
	max     int
	unknown int
}

// NewReader reads lines of at most max bytes from r: [MaxCommand] in a helper,
// [MaxEvent] in its parent.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{r: bufio.NewReader(r), max: max}
}

// Next returns the next message of a known type. Unknown types are skipped, so
// that either side can learn to say more; unknown fields are refused. At the end
// it returns [io.EOF], on text that is no message a [*CrashError], otherwise an
// error that wraps [ErrProtocol].
func (r *Reader) Next() (Message, error) {
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		m, err := Parse(line)
		if err != nil {
			return nil, err
		}
		if m != nil {
			return m, nil
		}
		if r.unknown++; r.unknown > maxUnknown {
			return nil, fmt.Errorf("%w: more than %d messages of unknown type", ErrProtocol, maxUnknown)
		}
	}
}

// line reads one line without its newline, never holding more than max bytes.
func (r *Reader) line() ([]byte, error) {
	first, err := r.r.Peek(1)
	if err != nil {
		return nil, err
	}
	if first[0] != '{' {
		text, _ := io.ReadAll(io.LimitReader(r.r, maxCrashText))
		return nil, &CrashError{Text: string(text)}
	}
	var line []byte
	for {
		part, err := r.r.ReadSlice('\n')
		if len(line)+len(part) > r.max {
			return nil, fmt.Errorf("%w: a message of more than %d bytes", ErrProtocol, r.max)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: a message without its newline", ErrProtocol)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// envelope is the form of every message.
type envelope struct {
	Type string          `json:"type"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Parse decodes one message without its newline. A message of unknown type is
// nil without an error.
func Parse(line []byte) (Message, error) {
	m, err := parse(line)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return m, nil
}

func parse(line []byte) (Message, error) {
	if err := checkShape(line); err != nil {
		return nil, err
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, err
	}
	if head.Type == "" {
		return nil, errors.New("a message without a type")
	}
	return known(head.Type, line)
}

// known decodes a message of known type; of others it makes nothing.
func known(kind string, line []byte) (Message, error) {
	switch kind {
	case "hello":
		return body[Hello](line)
	case "job":
		return body[Job](line)
	case "compile":
		return body[Compile](line)
	case "translate":
		return body[Translate](line)
	case "kept":
		return body[Kept](line)
	case "started":
		return body[Started](line)
	case "exited":
		return exited(line)
	case "compiled":
		return body[Compiled](line)
	case "translated":
		return body[Translated](line)
	case "failed":
		return body[Failed](line)
	}
	return nil, nil
}

// body decodes the body of a message of known type, strictly.
func body[M Message](line []byte) (Message, error) {
	var m M
	if err := decode(line, &m); err != nil {
		return nil, fmt.Errorf("in %q: %w", m.kind(), err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// exited demands the code: a message that forgets it must not read as success.
func exited(line []byte) (Message, error) {
	var b struct {
		Code *uint32 `json:"code"`
	}
	if err := decode(line, &b); err != nil {
		return nil, fmt.Errorf("in %q: %w", "exited", err)
	}
	if b.Code == nil {
		return nil, errors.New("exited without a code")
	}
	return Exited{Code: *b.Code}, nil
}

func decode(line []byte, into any) error {
	var e envelope
	if err := strict(line, &e); err != nil {
		return err
	}
	if len(e.Body) == 0 || e.Body[0] != '{' {
		return errors.New("the body is not an object")
	}
	return strict(e.Body, into)
}

// strict refuses fields that the type does not have.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// checkShape holds a line to what encoding/json lets pass: one object, valid
// UTF-8, no key twice in an object, and no key in another spelling than ours.
func checkShape(line []byte) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	if len(line) == 0 || line[0] != '{' {
		return errors.New("not an object")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	return checkValue(d, 0) // what follows the object, json.Unmarshal refuses
}

// maxDepth is how deep values may nest; ours need five.
const maxDepth = 16

func checkValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			if err := checkKey(d, seen); err != nil {
				return err
			}
		}
		if err := checkValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// notKeyLetter holds for what no field's name contains.
func notKeyLetter(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-')
}

// checkKey reads one key. encoding/json would match "Code" with "code" and let
// the last of two equal keys win.
func checkKey(d *json.Decoder, seen map[string]bool) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	key, _ := t.(string)
	if key == "" || strings.ContainsFunc(key, notKeyLetter) {
		return fmt.Errorf("field %q is not in lower case ASCII", key)
	}
	if seen[key] {
		return fmt.Errorf("field %q is there twice", key)
	}
	seen[key] = true
	return nil
}

// Write sends one message as one line in one write. It refuses a message that
// the other side would refuse, strings that are not UTF-8 included: they would
// arrive changed.
func Write(w io.Writer, m Message) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("sending %s: %w", m.kind(), err)
	}
	line, err := Marshal(m)
	if err != nil {
		return fmt.Errorf("sending %s: %w", m.kind(), err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("sending %s: %w", m.kind(), err)
	}
	return nil
}

// Marshal encodes a message without its newline.
func Marshal(m Message) ([]byte, error) {
	if err := checkUTF8(m); err != nil {
		return nil, err
	}
	inner, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(envelope{Type: m.kind(), Body: inner})
	if err != nil {
		return nil, err
	}
	if limit := limitOf(m); len(line) >= limit {
		return nil, fmt.Errorf("more than %d bytes in one message", limit)
	}
	return line, nil
}

// limitOf is how long the line of a message may be.
func limitOf(m Message) int {
	switch m.(type) {
	case Job, Compile, Translate:
		return MaxCommand
	}
	return MaxEvent
}

// checkUTF8 looks at the strings that come from outside.
func checkUTF8(m Message) error {
	switch m := m.(type) {
	case Job:
		return checkJobUTF8(m)
	case Compile:
		for _, s := range m.Imports {
			if !utf8.ValidString(s) {
				return fmt.Errorf("%q is not valid UTF-8, as the names of imports are", s)
			}
		}
	}
	return nil
}

func checkJobUTF8(j Job) error {
	for _, list := range [][]string{j.Args, j.Env, {j.Entrypoint, j.Cwd}} {
		for _, s := range list {
			if !utf8.ValidString(s) {
				return fmt.Errorf("%q is not valid UTF-8, as the guest's strings must be", s)
			}
		}
	}
	for _, m := range j.Mounts {
		if !utf8.ValidString(m.Host) || !utf8.ValidString(m.Guest) {
			return fmt.Errorf("the folder %q is not valid UTF-8; rename it or mount its parent", m.Host)
		}
	}
	return nil
}

// WriteGrease sends a message of a type that nobody knows, so that a reader
// that chokes on unknown types is found on its first day.
func WriteGrease(w io.Writer) error {
	line, err := json.Marshal(envelope{Type: "grease-" + strings.ToLower(rand.Text()[:8])})
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("sending grease: %w", err)
	}
	return nil
}

// Check says why the other side would refuse m, or nil.
func Check(m Message) error { return m.check() }
