// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/tomltree"
)

// reader gives a document its meaning.
type reader struct {
	file     *File
	beside   func(name string, limit int64) ([]byte, error)
	chains   int64 // bytes of publishers' files so far
	patterns int   // of all rules so far
}

// fail is an error at a place.
func (r *reader) fail(at tomltree.Pos, problem, fix string) error {
	return &Error{File: r.file.Name, Line: at.Line, Column: at.Column, Problem: problem, Fix: fix}
}

// maxQuoted is how many bytes of a string of the file a message repeats.
const maxQuoted = 128

// quote is a string of the file in a message, which is for people: of a long one
// it is the beginning.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return `"` + sealwax.Printable(s) + `"`
}

// list names the choices: "a, b or c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// document reads the whole file. A file in which nothing stands needs no version:
// it admits nothing in any.
func (r *reader) document(root *tomltree.Table) error {
	if len(root.Entries) == 0 {
		return nil
	}
	if err := r.version(root); err != nil {
		return err
	}
	if err := r.only(root, "version", "log", "signer", "publisher", "rule"); err != nil {
		return err
	}
	if e := root.Get("log"); e != nil {
		text, err := r.path(e)
		if err != nil {
			return err
		}
		if isFolder(text) {
			return r.fail(e.Value.Pos, "log "+quote(text)+" is the name of a folder", `write log = "FILE", such as "decisions.jsonl"`)
		}
		r.file.Log, r.file.logLine = text, e.Pos.Line
	}
	if err := r.people(root); err != nil {
		return err
	}
	return r.rules(root.Get("rule"))
}

// isFolder reports whether a path can be nothing but a folder's: a log in its place
// would stand where the state folder has to be.
func isFolder(path string) bool {
	path = filepath.ToSlash(path)
	last := path[strings.LastIndexByte(path, '/')+1:]
	return last == "" || last == "." || last == ".."
}

// version is asked first: what another version calls by unknown names is no
// mistake in this one.
func (r *reader) version(root *tomltree.Table) error {
	e := root.Get("version")
	if e == nil {
		return r.fail(root.Entries[0].Pos, "no version before it", "write version = 1 in the first line")
	}
	if e.Value.Kind != tomltree.Integer {
		return r.wrongKind(e.Key, e.Value, tomltree.Integer, "version = 1")
	}
	if e.Value.Int != 1 {
		return r.fail(e.Value.Pos, fmt.Sprintf("version %d of policy files is not known here", e.Value.Int), "write version = 1, or use a newer sealwax")
	}
	return nil
}

// only holds a table to the keys that have a meaning there: one that is spelt
// wrong would otherwise ask for less than it says.
func (r *reader) only(t *tomltree.Table, keys ...string) error {
	for _, e := range t.Entries {
		if !slices.Contains(keys, e.Key) {
			return r.fail(e.Pos, "unknown key "+quote(e.Key), "only "+list(keys)+" can stand here")
		}
	}
	return nil
}

func (r *reader) wrongKind(name string, v *tomltree.Value, want tomltree.Kind, example string) error {
	return r.fail(v.Pos, fmt.Sprintf("%s is %s, and %s is wanted", name, v.Kind, want), "write "+example)
}

// text reads a string that says something and can be seen.
func (r *reader) text(name string, v *tomltree.Value, example string) (string, error) {
	switch {
	case v.Kind != tomltree.String:
		return "", r.wrongKind(name, v, tomltree.String, example)
	case v.Text == "":
		return "", r.fail(v.Pos, name+" is empty", "write "+example)
	case sealwax.Printable(v.Text) != v.Text:
		return "", r.fail(v.Pos, name+" has a character that cannot be seen: "+quote(v.Text), "write it without")
	}
	return v.Text, nil
}

// path reads a path.
func (r *reader) path(e *tomltree.Entry) (string, error) {
	example := e.Key + ` = "FILE"`
	if e.Key == "key" {
		example = `key = "RWQ…" (its text), or key = "FILE" (a key file beside the policy)`
	}
	text, err := r.text(e.Key, e.Value, example)
	if err == nil && len(text) > 1024 {
		return "", r.fail(e.Value.Pos, "a path of more than 1024 bytes", "write a shorter one")
	}
	return text, err
}

// texts reads a list of strings in which something stands and nothing twice.
func (r *reader) texts(e *tomltree.Entry, limit int, example string) ([]*tomltree.Value, error) {
	if err := r.filled(e, limit, example); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, v := range e.Value.List {
		text, err := r.text("an entry of "+e.Key, v, example)
		if err != nil {
			return nil, err
		}
		if seen[text] {
			return nil, r.fail(v.Pos, quote(text)+" is there twice", "write it once")
		}
		seen[text] = true
	}
	return e.Value.List, nil
}

// filled holds a value to be a list that is neither empty nor too long.
func (r *reader) filled(e *tomltree.Entry, limit int, example string) error {
	switch v := e.Value; {
	case v.Kind != tomltree.List:
		return r.wrongKind(e.Key, v, tomltree.List, example)
	case len(v.List) == 0:
		return r.fail(v.Pos, e.Key+" is empty", "write "+example)
	case len(v.List) > limit:
		return r.fail(v.Pos, fmt.Sprintf("%s has %d entries, and at most %d can be", e.Key, len(v.List), limit), "divide it")
	}
	return nil
}

// word reads one of a few words; the first is what is meant without the key.
func (r *reader) word(t *tomltree.Table, name string, words ...string) (string, error) {
	e := t.Get(name)
	if e == nil {
		return words[0], nil
	}
	example := name + ` = "` + strings.Join(words, `" or "`) + `"`
	text, err := r.text(name, e.Value, example)
	if err != nil {
		return "", err
	}
	if !slices.Contains(words, text) {
		return "", r.fail(e.Value.Pos, name+" "+quote(text)+" is not known", "write "+example)
	}
	return text, nil
}

// flag reads true or false; without the key it is false.
func (r *reader) flag(t *tomltree.Table, name string) (bool, error) {
	e := t.Get(name)
	if e == nil {
		return false, nil
	}
	if e.Value.Kind != tomltree.Bool {
		return false, r.wrongKind(name, e.Value, tomltree.Bool, name+" = true or false")
	}
	return e.Value.Bool, nil
}

// maxName is the longest name of a signer, a publisher or a rule.
const maxName = 64

// name checks what people are to call something by: the grammar of pins' names.
func (r *reader) name(what, s string, at tomltree.Pos) error {
	if isName(s) {
		return nil
	}
	return r.fail(at, what+" "+quote(s)+" is no name", "write 1 to 64 of a-z 0-9 . _ -, a letter or digit first")
}

func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i, c := range []byte(s) {
		alphanumeric := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !alphanumeric && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}

// role checks the name of a role in which artifacts are signed: an open list of
// words, of which root signs publishers' documents and nothing else.
func (r *reader) role(s string, at tomltree.Pos) error {
	if s == "root" {
		return r.fail(at, "root keys sign a publisher's documents and never an artifact", `write "release" or "native"`)
	}
	if !isRole(s) {
		return r.fail(at, "role "+quote(s)+" is no role", `write "release" or "native"`)
	}
	return nil
}

// maxRole is the longest role of a publisher.
const maxRole = 32

// isRole is the grammar of publishers' roles: letters and digits, a letter first, in
// parts that single hyphens join.
func isRole(s string) bool {
	if len(s) > maxRole || s == "" || s[0] < 'a' {
		return false
	}
	for part := range strings.SplitSeq(s, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}
