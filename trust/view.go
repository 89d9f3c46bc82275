// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust/publisher"
)

// MaxTried is up to how many pins all are looked at for every signature. Of more,
// only those are that list the key which a signature names.
const MaxTried = 64

// view is the store as it was at one moment: many artifacts are judged by one
// state of it.
type view struct {
	many  bool             // more than MaxTried pins
	all   []Known          // every one of them, unless there is an index
	index *index           // nil: there is none, or it is not needed
	read  map[string]Known // what the index led to
}

// look is the view, made at the first question. The caller holds s.mu.
func (s *Store) look(ctx context.Context) (*view, error) {
	if s.seen != nil {
		return s.seen, nil
	}
	if ix := s.openIndex(); ix != nil {
		s.seen = &view{many: true, index: ix, read: map[string]Known{}}
		return s.seen, nil
	}
	names, err := s.pins.names(pinExt)
	if err != nil {
		return nil, err
	}
	return s.lookAtAll(ctx, len(names) > MaxTried)
}

// lookAtAll reads everything, and of many makes an index.
func (s *Store) lookAtAll(ctx context.Context, many bool) (*view, error) {
	var before stamps
	if many {
		before = s.settled(ctx)
	}
	all, err := s.Known(ctx)
	if err != nil {
		return nil, err
	}
	if many {
		s.writeIndex(ctx, before, all)
	}
	s.seen = &view{many: many, all: all}
	return s.seen, nil
}

// candidates are those pins that a signature with the hint could be by. Of many,
// when the hint names none, the error is [sealwax.ErrHintUnknown].
func (s *Store) candidates(ctx context.Context, h sealwax.Hint) ([]Known, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil || !v.many {
		return v.pins(), err
	}
	named, err := s.named(ctx, h.KeyID)
	if err == nil && len(named) == 0 {
		err = sealwax.ErrHintUnknown
	}
	return named, err
}

// pins are all pins of a view that has them.
func (v *view) pins() []Known {
	if v == nil {
		return nil
	}
	return v.all
}

// listing are the publishers that list a key, in whatever role, and with whatever
// end.
func (s *Store) listing(ctx context.Context, k key.Public) ([]Known, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.look(ctx); err != nil {
		return nil, err
	}
	// Not by the minisign id: that is chosen by whoever wrote the key's file.
	named, err := s.named(ctx, k.WasmsignID())
	return slices.DeleteFunc(named, func(known Known) bool { return known.Chain == nil || !known.lists(k) }), err
}

// named are the pins of a key, and of the publishers that list a key, that goes by
// the id. The caller holds s.mu and has looked.
func (s *Store) named(ctx context.Context, id []byte) ([]Known, error) {
	if s.seen.index != nil {
		out, err := s.namedByIndex(ctx, id)
		if !errors.Is(err, errBrokenIndex) {
			return out, err
		}
		s.seen.index.file.Close()
		s.seen = nil
		if _, err := s.lookAtAll(ctx, true); err != nil {
			return nil, err
		}
	}
	var out []Known
	for _, k := range s.seen.all {
		if k.goesBy(id) {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s *Store) namedByIndex(ctx context.Context, id []byte) ([]Known, error) {
	names, err := s.seen.index.names(id)
	if err != nil {
		return nil, err
	}
	var out []Known
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the pins: %w", err)
		}
		k, err := s.readOnce(name)
		if errors.Is(err, fs.ErrNotExist) { // removed since
			continue
		}
		if err != nil {
			return nil, err
		}
		if k.goesBy(id) {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s *Store) readOnce(name string) (Known, error) {
	if k, ok := s.seen.read[name]; ok {
		return k, nil
	}
	p, err := s.readPin(name)
	if err != nil {
		return Known{}, err
	}
	k, err := s.withChain(p)
	if err == nil {
		s.seen.read[name] = k
	}
	return k, err
}

// goesBy reports whether the pin's key, or one that its publisher lists, goes by a
// key id, or the publisher itself by [partyIDBytes].
func (k *Known) goesBy(id []byte) bool {
	if k.Chain != nil && bytes.Equal(id, partyIDBytes(k.Pin.Publisher)) {
		return true
	}
	return slices.ContainsFunc(k.keys(), func(p key.Public) bool { return p.GoesBy(id) })
}

// lists reports whether it is the pin's key, or one of its publisher's.
func (k *Known) lists(p key.Public) bool {
	return slices.ContainsFunc(k.keys(), p.Equal)
}

// partyIDBytes stands for a publisher where key ids do: the first bytes of its id.
// Nobody's key goes by it but by chance, and then nothing is taken for it.
func partyIDBytes(id sealwax.PartyID) []byte {
	b, _ := hex.DecodeString(strings.TrimPrefix(string(id), publisherPrefix)) // checked by whoever made it
	return b[:min(len(b), maxIDDigits/2)]
}

// keys are the pin's key, or all that its publisher ever listed.
func (k *Known) keys() []key.Public {
	if k.Chain == nil {
		return []key.Public{k.Pin.Key}
	}
	var out []key.Public
	for _, m := range k.Chain.Head().Keys {
		out = append(out, m.Public)
	}
	return out
}

// Chain is the newest chain of a publisher that is known, under whatever name, or
// nil.
func (s *Store) Chain(ctx context.Context, id sealwax.PartyID) (*publisher.Chain, error) {
	if err := CheckPublisherID(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.look(ctx); err != nil {
		return nil, err
	}
	known, err := s.named(ctx, partyIDBytes(id))
	if err != nil {
		return nil, err
	}
	return newest(known, id)
}

// newest is the newest of the chains of a publisher, which must continue each
// other.
func newest(known []Known, id sealwax.PartyID) (*publisher.Chain, error) {
	var out *publisher.Chain
	for _, k := range known {
		if k.Pin.Publisher != id {
			continue
		}
		if out == nil {
			out = k.Chain
			continue
		}
		switch kind, _ := relate(out, k.Chain); kind {
		case publisher.Same, publisher.Behind, publisher.Superseded:
		case publisher.Ahead, publisher.Recovers:
			out = k.Chain
		default:
			return nil, fmt.Errorf("%s is known with two histories that contradict each other, one of them as %s", id, k.Pin.Name)
		}
	}
	return out, nil
}

// PublishersOf are the publishers that list a key, whatever became of it, each once.
func (s *Store) PublishersOf(ctx context.Context, k key.Public) ([]sealwax.Party, error) {
	known, err := s.listing(ctx, k)
	if err != nil {
		return nil, err
	}
	var out []sealwax.Party
	for _, p := range known {
		same := func(o sealwax.Party) bool { return o.ID == p.Pin.Publisher }
		if !slices.ContainsFunc(out, same) {
			out = append(out, sealwax.Party{ID: p.Pin.Publisher, Name: p.Pin.Name, Stale: p.Chain.Head().Stale})
		}
	}
	return out, nil
}

// NamesOf are the names under which an identity is known: a fingerprint ("key:…"),
// also one that a pinned publisher lists, or a publisher's id ("publisher:…").
func (s *Store) NamesOf(ctx context.Context, identity string) ([]string, error) {
	if err := checkIdentity(identity); err != nil {
		return nil, err
	}
	all, err := s.Known(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, known := range all {
		lists := func(k key.Public) bool { return string(k.Fingerprint()) == identity }
		if known.Pin.Identity() == identity || slices.ContainsFunc(known.keys(), lists) {
			out = append(out, known.Pin.Name)
		}
	}
	return out, nil
}
