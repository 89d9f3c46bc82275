// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package tomltree reads TOML 1.0 into a tree whose every key and value knows
// its line and column, so that whoever gives the document a meaning can say where
// it is wrong. What is TOML and what is not, go-toml decides; the tree never says
// anything else than go-toml's own decoder does.
package tomltree

import "fmt"

// Limits, checked while reading.
const (
	// MaxDepth is how deep arrays and inline tables may nest.
	MaxDepth = 32
	// MaxParts is how many parts a dotted key may have.
	MaxParts = 16
	// MaxKeys is how many keys a document may have: each part of a dotted one and of
	// a header counts, wherever it is. go-toml compares each with those before.
	MaxKeys = 20_000
)

// Pos is a place in a document: line and column, both counted from 1, the column
// in characters.
type Pos struct{ Line, Column int }

// Error says what is no TOML, and where.
type Error struct {
	Pos
	Problem string // a sentence without a full stop; what it quotes is escaped
}

// Error is "line:column: problem".
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Problem) }

// Kind is the type of a value. The zero Kind is no value.
type Kind string

// The kinds, as messages name them.
const (
	String  Kind = "a string"
	Integer Kind = "a whole number"
	Float   Kind = "a number with a fraction"
	Bool    Kind = "true or false"
	Time    Kind = "a date or time"
	List    Kind = "a list"
	Dict    Kind = "a table"
)

// Value is one value.
type Value struct {
	Pos  Pos
	Kind Kind
	// One of these is set, by kind; of floats and times only the text as written.
	Text  string
	Int   int64
	Bool  bool
	List  []*Value
	Table *Table
}

// Entry is a key with its value.
type Entry struct {
	Key   string
	Pos   Pos // of the key, of its last part if it is dotted
	Value *Value
}

// Table is a table: the document itself, one with a header, one that is inline,
// or one that a dotted key implies.
type Table struct {
	Pos     Pos
	Entries []*Entry // in the order of the document
	byKey   map[string]*Entry
	headed  bool // has a header of its own: none may follow
}

// Get is the entry of a key, or nil.
func (t *Table) Get(key string) *Entry { return t.byKey[key] }

func (t *Table) add(e *Entry) {
	if t.byKey == nil {
		t.byKey = map[string]*Entry{}
	}
	t.byKey[e.Key] = e
	t.Entries = append(t.Entries, e)
}
