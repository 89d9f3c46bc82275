// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/trust/publisher"
)

const chainExt = ".publisher"

// Known is a pin, and for one of a publisher the chain that holds now.
type Known struct {
	Pin   Pin
	Chain *publisher.Chain // nil for a key
}

// Known reads all pins and their publishers' chains, sorted by name. With an error
// it returns those that could be read, to be shown and not to be trusted. The error
// joins a [*FileError] for each file that is wrong.
func (s *Store) Known(ctx context.Context) ([]Known, error) {
	pins, err := s.List(ctx)
	wrong := []error{err}
	out := make([]Known, 0, len(pins))
	for _, p := range pins {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the publishers: %w", err)
		}
		k, err := s.withChain(p)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed since the folder was listed
		case err != nil:
			wrong = append(wrong, err)
		default:
			out = append(out, k)
		}
	}
	return out, errors.Join(wrong...)
}

// GetKnown is [Store.Get] with the chain.
func (s *Store) GetKnown(ctx context.Context, name string) (Known, error) {
	p, err := s.Get(ctx, name)
	if err != nil {
		return Known{}, err
	}
	k, err := s.withChain(p)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("pin %s: %w", name, ErrNoPin)
	}
	return k, err
}

// withChain adds the chain that holds now. The error wraps fs.ErrNotExist if the
// pin was removed meanwhile.
func (s *Store) withChain(p Pin) (Known, error) {
	if p.Publisher == "" {
		return Known{Pin: p}, nil
	}
	pinned, seen, err := s.readChains(p.Name)
	if err != nil {
		return Known{}, err
	}
	c, err := s.effective(&p, pinned, seen)
	if err != nil {
		return Known{}, err
	}
	return Known{p, c}, nil
}

// readChains reads the chain as it was pinned and the one in the state, if there
// is one.
func (s *Store) readChains(name string) (pinned, seen []byte, err error) {
	pinned, err = s.pins.read(name, chainExt, publisher.MaxChainBytes)
	if errors.Is(err, fs.ErrNotExist) && !s.pins.isMissing(name, pinExt) {
		err = &FileError{s.pins.path(name, chainExt), errors.New("the pinned publisher's chain is not there"), s.repin(name)}
	}
	if err != nil {
		return nil, nil, err
	}
	if there, err := s.chains.check(); !there {
		return pinned, nil, err
	}
	seen, err = s.chains.read(name, chainExt, publisher.MaxChainBytes)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return pinned, seen, err
}

func (s *Store) repin(name string) string {
	return "put it back, or pin the publisher again after: sealwax trust remove " + name
}

// effective is the newer of two chains, which must agree with each other and with
// the pin.
func (s *Store) effective(p *Pin, pinned, seen []byte) (*publisher.Chain, error) {
	if bytes.HasPrefix(seen, pinned) { // nearly always, and half the work
		if c, err := s.parsePinned(p, seen); err == nil {
			return c, nil
		}
	}
	config, err := s.parsePinned(p, pinned)
	if err != nil || seen == nil {
		return config, err
	}
	path := s.chains.path(p.Name, chainExt)
	state, err := publisher.ParseChain(seen)
	if err != nil {
		return nil, &FileError{path, err, "remove it, and fetch a newer one with: sealwax trust update " + p.Name + " FILE|URL"}
	}
	switch relation, _ := relate(config, state); relation {
	case publisher.Same, publisher.Behind, publisher.Superseded:
		return config, nil // the user pinned again what is newer
	case publisher.Ahead, publisher.Recovers:
		return state, nil
	default:
		return nil, &FileError{path, errors.New("it is no continuation of what is pinned"), "find out whose it is, and remove it if it is not the publisher's"}
	}
}

// parsePinned reads the chain that was pinned: it is of the publisher that the pin
// names, and holds the document that the pin names.
func (s *Store) parsePinned(p *Pin, pinned []byte) (*publisher.Chain, error) {
	path := s.pins.path(p.Name, chainExt)
	c, err := publisher.ParseChain(pinned)
	if err != nil {
		return nil, &FileError{path, err, s.repin(p.Name)}
	}
	if c.ID() != p.Publisher {
		return nil, &FileError{path, fmt.Errorf("it is of %s, and pinned is %s", c.ID(), p.Publisher), s.repin(p.Name)}
	}
	if !holds(c, p.Sequence, p.Head) {
		return nil, &FileError{path, fmt.Errorf("it has no document %d with the digest %s, which is pinned", p.Sequence, p.Head), s.repin(p.Name)}
	}
	return c, nil
}

// holds reports whether a chain has a document of that digest in that place.
func holds(c *publisher.Chain, sequence int, digest string) bool {
	upTo, err := c.Prefix(sequence + 1)
	return err == nil && upTo.HeadDigest() == digest
}

// AddPublisher pins a publisher, with the chain as it is known now: the pin's
// Publisher, Sequence and Head are set from it. Nothing is replaced, as in
// [Store.Add].
//
// All pins of one publisher know one history: of one that is known already the
// newer chain counts, and one that contradicts what is known is refused as by
// [Store.Advance].
func (s *Store) AddPublisher(ctx context.Context, p Pin, c *publisher.Chain) error {
	c, err := s.newest(ctx, p.Name, c)
	if err != nil {
		return err
	}
	p.Publisher, p.Sequence, p.Head = c.ID(), c.Len()-1, c.HeadDigest()
	data, err := p.Marshal()
	if err != nil {
		return err
	}
	err = s.pins.change(ctx, func() error {
		if err := s.checkNew(ctx, &p); err != nil {
			return err
		}
		// What a removed pin of the name left behind, if its removal was cut off, is
		// not this one's.
		if err := s.removeSeen(ctx, p.Name); err != nil {
			return err
		}
		if err := s.pins.replace(p.Name, chainExt, c.Marshal()); err != nil {
			return err
		}
		return s.create(p.Name, data) // last: before it, nobody looks at the rest
	})
	s.forget()
	if err != nil {
		return fmt.Errorf("adding pin %s: %w", p.Name, err)
	}
	_, err = s.Advance(ctx, p.Name, c) // the others of the publisher
	return err
}

// newest is the newer of what is offered and what is known of the publisher.
func (s *Store) newest(ctx context.Context, name string, offered *publisher.Chain) (*publisher.Chain, error) {
	known, err := s.Chain(ctx, offered.ID())
	if err != nil || known == nil {
		return offered, err
	}
	r, err := weigh(name, known, offered)
	switch r.Relation { //nolint:exhaustive // the others are no refusals
	case publisher.Fork:
		return nil, fmt.Errorf("publisher %s: %w", name, s.fork(ctx, name, r.At, known, offered))
	case publisher.Superseded:
		return nil, s.superseded(ctx, name, r, offered, err)
	}
	return r.Chain, err
}

// superseded refuses a branch from which its owner recovered, and keeps it.
func (s *Store) superseded(ctx context.Context, name string, r Result, offered *publisher.Chain, why error) error {
	where, err := s.keep(ctx, name, r.At, r.Chain, offered, why)
	if err != nil {
		return fmt.Errorf("publisher %s: %w; it could not be kept as evidence: %w", name, why, err)
	}
	return fmt.Errorf("publisher %s: %w; both are kept: %s", name, why, where)
}

// removeSeen removes all but the pin itself. Call it inside change of the pins.
func (s *Store) removeSeen(ctx context.Context, name string) error {
	var errs []error
	if !s.pins.isMissing(name, chainExt) {
		errs = append(errs, s.pins.remove(name, chainExt))
	}
	for f, ext := range map[*folder]string{&s.chains: chainExt, &s.firsts: firstExt} {
		if !f.isMissing(name, ext) {
			errs = append(errs, f.change(ctx, func() error { return f.remove(name, ext) }))
		}
	}
	return errors.Join(errs...)
}

// Result is what became of a chain that was offered.
type Result struct {
	// Relation is that of the offered chain to the one that was stored.
	Relation publisher.Kind
	// Chain is the one that holds now.
	Chain *publisher.Chain
	// From is the number of the newest document before.
	From int
	// At is the number of the first document in which two chains differ, if they do.
	At int
}

// Changes reports whether what is offered is newer than what was stored.
func (r Result) Changes() bool {
	return r.Relation == publisher.Ahead || r.Relation == publisher.Recovers
}

// Advance takes note of a publisher's chain that was seen, for the pin of that
// name. A longer one is stored, and so is one that recovers from a branch; one that
// the stored one continues yields to it. Everything else is refused, and what is
// stored stays: the error is a [*sealwax.CodedError] with the code publisher.fork
// (both chains are then kept in the state's folder evidence) or publisher.changed.
//
// All pins of one publisher know one history: the others are taken along.
func (s *Store) Advance(ctx context.Context, name string, offered *publisher.Chain) (Result, error) {
	r, err := s.advancePin(ctx, name, offered)
	if err != nil {
		return r, err
	}
	others, err := s.NamesOf(ctx, string(r.Chain.ID()))
	if err != nil {
		return r, err
	}
	for _, other := range others {
		if other == name {
			continue
		}
		if _, err := s.advancePin(ctx, other, r.Chain); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (s *Store) advancePin(ctx context.Context, name string, offered *publisher.Chain) (Result, error) {
	if err := CheckPinName(name); err != nil {
		return Result{}, err
	}
	// Mostly there is nothing to write, and it may be that nothing can be written.
	r, err := s.Weigh(ctx, name, offered)
	switch {
	case r.Relation == publisher.Fork: // the one refusal that is put on record
		return r, fmt.Errorf("publisher %s: %w", name, s.fork(ctx, name, r.At, r.Chain, offered))
	case r.Relation == publisher.Superseded:
		return r, s.superseded(ctx, name, r, offered, err)
	case err != nil || !r.Changes():
		return r, err
	}
	// Read again inside the lock: another process may have gone ahead.
	err = s.chains.change(ctx, func() (err error) {
		k, err := s.GetKnown(ctx, name)
		if err != nil {
			return err
		}
		if k.Chain == nil {
			return changed(name, k.Pin.Identity(), string(offered.ID()))
		}
		r, err = s.advance(ctx, name, k.Chain, offered)
		return err
	})
	s.forget()
	if err != nil {
		return r, fmt.Errorf("publisher %s: %w", name, err)
	}
	return r, nil
}

func (s *Store) advance(ctx context.Context, name string, stored, offered *publisher.Chain) (Result, error) {
	r, err := weigh(name, stored, offered)
	if r.Relation == publisher.Fork { // mutate:skip it takes another process that goes ahead just now
		return r, s.fork(ctx, name, r.At, stored, offered)
	}
	if err != nil || !r.Changes() {
		return r, err
	}
	return r, s.chains.replace(name, chainExt, offered.Marshal())
}

// Weigh is [Store.Advance] without its effects: what would become of the chain.
func (s *Store) Weigh(ctx context.Context, name string, offered *publisher.Chain) (Result, error) {
	k, err := s.GetKnown(ctx, name)
	if err != nil {
		return Result{}, err
	}
	if k.Chain == nil {
		return Result{}, changed(name, k.Pin.Identity(), string(offered.ID()))
	}
	r, err := weigh(name, k.Chain, offered)
	if err != nil {
		err = fmt.Errorf("publisher %s: %w", name, err)
	}
	return r, err
}

// weigh says what an offered chain is to the stored one.
func weigh(name string, stored, offered *publisher.Chain) (Result, error) {
	relation, at := relate(stored, offered)
	r := Result{relation, stored, stored.Len() - 1, at}
	switch relation {
	case publisher.Same, publisher.Behind:
		return r, nil
	case publisher.Ahead, publisher.Recovers:
		r.Chain = offered
		return r, nil
	case publisher.Superseded:
		return r, &sealwax.CodedError{Code: sealwax.CodePublisherFork, Err: errors.New("its owner recovered from the branch that is offered, which is void"), Final: true}
	case publisher.Stranger:
		return r, changed(name, string(stored.ID()), string(offered.ID()))
	default:
		return r, forked(at, stored, offered)
	}
}

// changed: another identity under a known name is never a question.
func changed(name, pinned, offered string) error {
	return &sealwax.CodedError{
		Code: sealwax.CodePublisherChanged, Final: true,
		Err: fmt.Errorf("the identity has changed: pinned as %s is %s, and offered is %s", name, pinned, offered),
	}
}

// relate is how a chain that is offered relates to a stored one, and for a fork the
// number of the first document in which they differ.
func relate(stored, offered *publisher.Chain) (publisher.Kind, int) {
	r := stored.Compare(offered)
	return r.Kind, r.Sequence
}
