// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/tomltree"
	"github.com/sealwax/sealwax/key"
)

// people reads the tables [signer.NAME] and [publisher.NAME].
func (r *reader) people(root *tomltree.Table) error {
	for _, kind := range []struct {
		name string
		read func(name string, at tomltree.Pos, t *tomltree.Table) error
	}{{"signer", r.signer}, {"publisher", r.publisher}} {
		e := root.Get(kind.name)
		if e == nil {
			continue
		}
		if e.Value.Kind != tomltree.Dict {
			return r.wrongKind(kind.name, e.Value, tomltree.Dict, "["+kind.name+".NAME] in a line of its own")
		}
		for _, p := range e.Value.Table.Entries {
			if err := r.person(kind.name, p); err != nil {
				return err
			}
			if err := kind.read(p.Key, p.Pos, p.Value.Table); err != nil {
				return err
			}
		}
	}
	return nil
}

// person checks what signers and publishers have in common. They share one space
// of names, since rules name both alike.
func (r *reader) person(kind string, e *tomltree.Entry) error {
	if e.Value.Kind != tomltree.Dict {
		return r.wrongKind(kind+" "+quote(e.Key), e.Value, tomltree.Dict, "["+kind+".NAME] in a line of its own")
	}
	if err := r.name(kind, e.Key, e.Pos); err != nil {
		return err
	}
	if e.Key == pinned {
		return r.fail(e.Pos, `"pinned" means everybody whom the pins trust`, "choose another name")
	}
	if e.Key == rebuilt {
		return r.fail(e.Pos, `"rebuilt" means that it was made again from its source`, "choose another name")
	}
	if s := r.file.Signer(e.Key); s != nil {
		return r.fail(e.Pos, fmt.Sprintf("%s is a signer already, in line %d", quote(e.Key), s.Line), "choose another name")
	}
	if len(r.file.Signers)+len(r.file.Publishers) == MaxPeople {
		return r.fail(e.Pos, fmt.Sprintf("more than %d signers and publishers", MaxPeople), "divide the file")
	}
	return nil
}

func (r *reader) signer(name string, at tomltree.Pos, t *tomltree.Table) error {
	if err := r.only(t, "key"); err != nil {
		return err
	}
	e := t.Get("key")
	if e == nil {
		return r.fail(at, "signer "+quote(name)+" has no key", `write key = "RWQ…" (its text), or key = "FILE" (a key file beside the policy)`)
	}
	public, from, err := r.key(e)
	if err != nil {
		return err
	}
	for _, other := range r.file.Signers {
		// A signer counts once, so two names for one key can promise a threshold
		// that nobody can meet.
		if other.Key.Equal(public) {
			return r.fail(e.Value.Pos, fmt.Sprintf("it is the key of %s too, in line %d", quote(other.Name), other.Line), "declare each key once")
		}
	}
	r.file.Signers = append(r.file.Signers, Signer{Name: name, Key: public, From: from, Line: at.Line})
	return nil
}

// key reads a key or the name of a key file. What parses as a key is never taken
// for a path.
func (r *reader) key(e *tomltree.Entry) (k key.Public, from string, err error) {
	// A key that is pasted with its comment has several lines.
	if e.Value.Kind == tomltree.String {
		keys, err := key.ParsePublic([]byte(e.Value.Text))
		if !errors.Is(err, key.ErrNotKey) {
			k, err := r.oneKey(e, keys, err)
			return k, "", err
		}
	}
	if from, err = r.path(e); err != nil {
		return key.Public{}, "", err
	}
	data, err := r.read(e, from, MaxKeyBytes, "it is no key, and no file beside the policy that can be read")
	if err != nil {
		return key.Public{}, "", err
	}
	keys, err := key.ParsePublic(data)
	k, err = r.oneKey(e, keys, err)
	return k, from, err
}

// oneKey is the only key of a list: several people are several signers.
func (r *reader) oneKey(e *tomltree.Entry, keys key.List, err error) (key.Public, error) {
	switch {
	case err != nil:
		return key.Public{}, r.fail(e.Value.Pos, "key: "+sealwax.Printable(err.Error()), "")
	case len(keys.Keys) != 1:
		return key.Public{}, r.fail(e.Value.Pos, fmt.Sprintf("key: %d keys", len(keys.Keys)), "write one signer for each")
	}
	return keys.Keys[0].Public, nil
}

// read reads a file that the policy names.
func (r *reader) read(e *tomltree.Entry, name string, limit int64, problem string) ([]byte, error) {
	err := errors.New("no files can be read here")
	var data []byte
	if r.beside != nil {
		data, err = r.beside(name, limit)
	}
	if err != nil {
		return nil, &Error{
			File: r.file.Name, Line: e.Value.Pos.Line, Column: e.Value.Pos.Column,
			Problem: fmt.Sprintf("%s %s: %s", e.Key, quote(beginning(name)), problem), Fix: sealwax.Printable(missing(err)), Err: ErrBeside,
		}
	}
	return data, nil
}

// beginning is what is shown of a path: what is long may be a secret key that was
// cut off.
func beginning(name string) string {
	if len(name) <= 64 {
		return name
	}
	return strings.ToValidUTF8(name[:16], "") + "…"
}

func (r *reader) publisher(name string, at tomltree.Pos, t *tomltree.Table) error {
	if err := r.only(t, "id", "chain"); err != nil {
		return err
	}
	e := t.Get("id")
	if e == nil {
		return r.fail(at, "publisher "+quote(name)+" has no id", `write id = "publisher:…", as sealwax publisher show prints it`)
	}
	id, err := r.publisherID(e)
	if err != nil {
		return err
	}
	p := Publisher{Name: name, ID: id, Line: at.Line}
	if c := t.Get("chain"); c != nil {
		if p.From, err = r.path(c); err != nil {
			return err
		}
		if p.Chain, err = r.chain(c, p.From); err != nil {
			return err
		}
	}
	r.file.Publishers = append(r.file.Publishers, p)
	return nil
}

func (r *reader) chain(e *tomltree.Entry, from string) ([]byte, error) {
	data, err := r.read(e, from, min(MaxChainBytes, MaxAllChainBytes-r.chains), "no publisher's file beside the policy that can be read")
	if err != nil {
		return nil, err
	}
	r.chains += int64(len(data))
	return data, nil
}

// publisherID reads the one form of a publisher's id.
func (r *reader) publisherID(e *tomltree.Entry) (sealwax.PartyID, error) {
	const example = `id = "publisher:…", as sealwax publisher show prints it`
	text, err := r.text("id", e.Value, example)
	if err != nil {
		return "", err
	}
	digits, ok := strings.CutPrefix(text, "publisher:")
	if !ok || len(digits) != 64 || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", r.fail(e.Value.Pos, "id "+quote(text)+" is no publisher's", "write "+example)
	}
	for _, other := range r.file.Publishers {
		if other.ID == sealwax.PartyID(text) {
			return "", r.fail(e.Value.Pos, fmt.Sprintf("it is the id of %s too, in line %d", quote(other.Name), other.Line), "declare each publisher once")
		}
	}
	return sealwax.PartyID(text), nil
}
