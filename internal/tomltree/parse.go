// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package tomltree

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Parse reads a document. The caller bounds its size. The error is an [*Error].
func Parse(data []byte) (*Table, error) {
	r := &reader{data: data, lines: lineStarts(data)}
	if err := r.checkText(); err != nil {
		return nil, err
	}
	root, err := r.read()
	if err != nil {
		return nil, err
	}
	// What remains are rules about tables that are defined in several ways.
	if err := r.decodes(); err != nil {
		return nil, err
	}
	return root, nil
}

// reader turns go-toml's expressions into the tree.
type reader struct {
	data   []byte
	lines  []int // offsets of their first bytes
	parser unstable.Parser
	root   *Table
	here   *Table   // which the last header named
	keys   int      // so far
	last   struct { // where pos was asked for last, since a line may be long
		line, offset, column int
	}
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, c := range data {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (r *reader) pos(offset int) Pos {
	line, exact := slices.BinarySearch(r.lines, offset)
	if !exact {
		line--
	}
	if r.last.line != line || r.last.offset > offset || r.last.column == 0 {
		r.last.line, r.last.offset, r.last.column = line, r.lines[line], 1
	}
	r.last.column += utf8.RuneCount(r.data[r.last.offset:offset])
	r.last.offset = offset
	return Pos{line + 1, r.last.column}
}

func (r *reader) fail(p Pos, format string, args ...any) error {
	return &Error{p, fmt.Sprintf(format, args...)}
}

// checkText: "A TOML file must be a valid UTF-8 encoded Unicode document." Said
// here because it is then said of comments too, with the right place.
func (r *reader) checkText() error {
	if bytes.HasPrefix(r.data, []byte("\ufeff")) {
		return r.fail(Pos{1, 1}, "a byte order mark: save the file as UTF-8 without one")
	}
	for i := 0; i < len(r.data); {
		c, n := utf8.DecodeRune(r.data[i:])
		if c == utf8.RuneError && n == 1 {
			return r.fail(r.pos(i), "a byte that is not UTF-8")
		}
		i += n
	}
	return nil
}

// decodes asks go-toml's decoder whether it takes the document.
func (r *reader) decodes() error {
	var document map[string]any
	err := toml.Unmarshal(r.data, &document)
	if err == nil {
		return nil
	}
	problem := quoted(strings.TrimPrefix(err.Error(), "toml: "))
	decode := (*toml.DecodeError)(nil)
	if !errors.As(err, &decode) {
		return r.fail(Pos{1, 1}, "%s", problem)
	}
	line, column := decode.Position()
	return r.fail(r.inCharacters(line, column), "%s", problem)
}

// inCharacters turns a column in bytes into one in characters.
func (r *reader) inCharacters(line, column int) Pos {
	line = min(max(line, 1), len(r.lines))
	return r.pos(min(r.lines[line-1]+max(column, 1)-1, len(r.data)))
}

// quoted escapes what a message repeats from the document.
func quoted(s string) string {
	q := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

func (r *reader) read() (*Table, error) {
	r.root = &Table{Pos: Pos{1, 1}, headed: true}
	r.here = r.root
	r.parser.Reset(r.data)
	for r.parser.NextExpression() {
		if err := r.expression(r.parser.Expression()); err != nil {
			return nil, err
		}
	}
	if err := r.parser.Error(); err != nil {
		if said := r.decodes(); said != nil { // it knows the place
			return nil, said
		}
		return nil, r.fail(Pos{1, 1}, "%s", quoted(err.Error()))
	}
	return r.root, nil
}

func (r *reader) expression(n *unstable.Node) error {
	switch n.Kind {
	case unstable.Table:
		return r.header(n)
	case unstable.ArrayTable:
		return r.listHeader(n)
	case unstable.KeyValue:
		return r.keyValue(r.here, n, 0)
	default: // comments are not kept
		return nil
	}
}

// part is one part of a dotted key.
type part struct {
	key string
	pos Pos
}

func (r *reader) parts(n *unstable.Node) ([]part, error) {
	var out []part
	for it := n.Key(); it.Next(); {
		k := it.Node()
		if len(out) == MaxParts {
			return nil, r.fail(out[0].pos, "a key of more than %d parts", MaxParts)
		}
		out = append(out, part{string(k.Data), r.pos(int(k.Raw.Offset))})
		if r.keys++; r.keys > MaxKeys {
			return nil, r.fail(out[0].pos, "more than %d keys", MaxKeys)
		}
	}
	return out, nil
}

// header goes to the table that [a.b] names, which no header may have named.
func (r *reader) header(n *unstable.Node) error {
	parts, err := r.parts(n)
	if err != nil {
		return err
	}
	last := len(parts) - 1
	in, err := r.walk(r.root, parts[:last])
	if err != nil {
		return err
	}
	if was := in.Get(parts[last].key); was != nil && (was.Value.Kind != Dict || was.Value.Table.headed) {
		return r.repeated(parts[last], was)
	}
	if r.here, err = r.walk(in, parts[last:]); err != nil {
		return err
	}
	r.here.headed, r.here.Pos = true, parts[last].pos
	return nil
}

// listHeader adds a table to the list that [[a.b]] names.
func (r *reader) listHeader(n *unstable.Node) error {
	parts, err := r.parts(n)
	if err != nil {
		return err
	}
	last := parts[len(parts)-1]
	in, err := r.walk(r.root, parts[:len(parts)-1])
	if err != nil {
		return err
	}
	e := in.Get(last.key)
	if e == nil {
		e = &Entry{last.key, last.pos, &Value{Pos: last.pos, Kind: List}}
		in.add(e)
	}
	if e.Value.Kind != List {
		return r.repeated(last, e)
	}
	r.here = &Table{Pos: last.pos, headed: true}
	e.Value.List = append(e.Value.List, &Value{Pos: last.pos, Kind: Dict, Table: r.here})
	return nil
}

// walk goes down from t, making tables that are not there. In a list of tables
// the last one is meant.
func (r *reader) walk(t *Table, parts []part) (*Table, error) {
	for _, p := range parts {
		e := t.Get(p.key)
		if e == nil {
			e = &Entry{p.key, p.pos, &Value{Pos: p.pos, Kind: Dict, Table: &Table{Pos: p.pos}}}
			t.add(e)
		}
		v := e.Value
		if v.Kind == List && len(v.List) > 0 {
			v = v.List[len(v.List)-1]
		}
		if v.Kind != Dict {
			return nil, r.fail(p.pos, "%q is %s since line %d, and no table", p.key, e.Value.Kind, e.Pos.Line)
		}
		t = v.Table
	}
	return t, nil
}

func (r *reader) repeated(p part, was *Entry) error {
	return r.fail(p.pos, "%q is there twice: the first is in line %d", p.key, was.Pos.Line)
}

// keyValue sets a key in t.
func (r *reader) keyValue(t *Table, n *unstable.Node, depth int) error {
	parts, err := r.parts(n)
	if err != nil {
		return err
	}
	last := parts[len(parts)-1]
	in, err := r.walk(t, parts[:len(parts)-1])
	if err != nil {
		return err
	}
	if was := in.Get(last.key); was != nil {
		return r.repeated(last, was)
	}
	v, err := r.value(n.Value(), r.valuePos(n), depth)
	if err != nil {
		return err
	}
	in.add(&Entry{last.key, last.pos, v})
	return nil
}

// valuePos is where the value of a key begins: behind the key's last part, the
// equal sign and blanks. go-toml does not say it of lists.
func (r *reader) valuePos(n *unstable.Node) Pos {
	end := 0
	for it := n.Key(); it.Next(); {
		end = int(it.Node().Raw.Offset + it.Node().Raw.Length)
	}
	for end < len(r.data) && strings.IndexByte(" \t=", r.data[end]) >= 0 {
		end++
	}
	return r.pos(end)
}

// value turns a node into a value; at is where it begins.
func (r *reader) value(n *unstable.Node, at Pos, depth int) (*Value, error) {
	if depth >= MaxDepth {
		return nil, r.fail(at, "nested more than %d deep", MaxDepth)
	}
	v := &Value{Pos: at}
	switch n.Kind {
	case unstable.String:
		v.Kind, v.Text = String, string(n.Data)
	case unstable.Integer:
		v.Kind = Integer
		return v, r.integer(v, n)
	case unstable.Bool:
		v.Kind, v.Bool = Bool, string(n.Data) == "true"
	case unstable.Float:
		v.Kind, v.Text = Float, string(n.Data)
	case unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		v.Kind, v.Text = Time, string(n.Data)
	case unstable.Array:
		v.Kind = List
		return v, r.list(v, n, depth)
	case unstable.InlineTable:
		v.Kind, v.Table = Dict, &Table{Pos: at, headed: true}
		return v, r.inline(v.Table, n, depth)
	default:
		return nil, r.fail(at, "a value of an unknown kind (%s)", n.Kind)
	}
	return v, nil
}

func (r *reader) integer(v *Value, n *unstable.Node) (err error) {
	v.Int, err = strconv.ParseInt(strings.ReplaceAll(string(n.Data), "_", ""), 0, 64)
	if err != nil {
		return r.fail(v.Pos, "a number that is too large")
	}
	return nil
}

func (r *reader) list(v *Value, n *unstable.Node, depth int) error {
	for it := n.Children(); it.Next(); {
		c := it.Node()
		at := v.Pos
		if c.Raw.Length > 0 { // a list in a list does not know where it is
			at = r.pos(int(c.Raw.Offset))
		}
		item, err := r.value(c, at, depth+1)
		if err != nil {
			return err
		}
		v.List = append(v.List, item)
	}
	return nil
}

func (r *reader) inline(t *Table, n *unstable.Node, depth int) error {
	for it := n.Children(); it.Next(); {
		if err := r.keyValue(t, it.Node(), depth+1); err != nil {
			return err
		}
	}
	return nil
}
