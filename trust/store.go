// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/sealwax/sealwax/internal/atomicfile"
)

var (
	// ErrPinExists is wrapped when a name is taken, or the same key is pinned
	// already for the same subjects and role.
	ErrPinExists = errors.New("it is pinned already")
	// ErrNoPin is wrapped when there is no pin of a name.
	ErrNoPin = errors.New("there is no such pin")
)

// Store is what the user knows, on disk: pins and blocks in a configuration
// folder, and what was seen of publishers in a state folder. Any number of
// goroutines and processes may use the folders at once. docs/formats/pin.md is the
// specification.
//
// The zero Store has no folders: it fails, and so decides nothing.
type Store struct {
	pins, blocks             folder // decided by the user
	chains, firsts, evidence folder // seen
	indexes                  folder // can be made again

	mu   sync.Mutex
	seen *view // as it was when first asked for; see For
}

// OpenStore is the store in a configuration folder and a state folder. Nothing is
// read until somebody asks, and folders that are not there are a store that knows
// nobody.
func OpenStore(config, state string) *Store {
	if config == "" || state == "" {
		return &Store{}
	}
	return &Store{
		pins: folder{base: config, sub: "pins"}, blocks: folder{base: config, sub: "blocks"},
		chains: folder{base: state, sub: "publishers"}, firsts: folder{base: state, sub: "first-use"},
		evidence: folder{base: state, sub: "evidence"}, indexes: folder{base: state},
	}
}

const pinExt = ".pin"

// List reads all pins, sorted by name. With an error it returns those that could
// be read, to be shown and not to be trusted. The error joins a [*FileError] for
// each file that is wrong.
func (s *Store) List(ctx context.Context) ([]Pin, error) {
	names, err := s.pins.names(pinExt)
	if err != nil {
		return nil, err
	}
	var pins []Pin
	var wrong []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the pins: %w", err)
		}
		p, err := s.readPin(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed since the folder was listed
		case err != nil:
			wrong = append(wrong, err)
		default:
			pins = append(pins, p)
		}
	}
	return pins, errors.Join(wrong...)
}

// Get reads one pin. The error wraps [ErrNoPin] if there is none.
func (s *Store) Get(_ context.Context, name string) (Pin, error) {
	if err := CheckPinName(name); err != nil {
		return Pin{}, err
	}
	if s.pins.base == "" {
		return Pin{}, errNoFolder
	}
	p, err := s.readPin(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Pin{}, fmt.Errorf("pin %s: %w", name, ErrNoPin)
	}
	return p, err
}

func (s *Store) readPin(name string) (Pin, error) {
	path := s.pins.path(name, pinExt)
	if err := CheckPinName(name); err != nil {
		return Pin{}, &FileError{path, err, "rename or remove the file"}
	}
	data, err := s.pins.read(name, pinExt, MaxPinBytes)
	if err != nil {
		return Pin{}, err
	}
	p, err := ParsePin(data)
	if err == nil && p.Name != name {
		// A copy under another name would outlive the removal of its original.
		err = fmt.Errorf("it says that its name is %s", p.Name)
	}
	if err != nil {
		return Pin{}, &FileError{path, err, "correct it, or remove it with: sealwax trust remove " + name}
	}
	return p, nil
}

// Add keeps a pin of a key; for one of a publisher see [Store.AddPublisher].
// Nothing is replaced: the error wraps [ErrPinExists] if the name is taken, and
// also if a pin of another name says the same, since its removal would then change
// nothing.
func (s *Store) Add(ctx context.Context, p Pin) error {
	if p.Publisher != "" {
		return fmt.Errorf("adding pin %s: a publisher is pinned with its chain", p.Name)
	}
	data, err := p.Marshal()
	if err != nil {
		return err
	}
	err = s.pins.change(ctx, func() error {
		if err := s.checkNew(ctx, &p); err != nil {
			return err
		}
		return s.create(p.Name, data)
	})
	s.forget()
	if err != nil {
		return fmt.Errorf("adding pin %s: %w", p.Name, err)
	}
	return nil
}

// CheckAdd says why [Store.Add] or [Store.AddPublisher] would refuse a pin, without
// adding it.
func (s *Store) CheckAdd(ctx context.Context, p Pin) error {
	if err := s.checkNew(ctx, &p); err != nil {
		return fmt.Errorf("adding pin %s: %w", p.Name, err)
	}
	return nil
}

// checkNew says why a pin cannot be added. Only inside change is that the last word.
func (s *Store) checkNew(ctx context.Context, p *Pin) error {
	pins, err := s.List(ctx)
	if err != nil {
		return err
	}
	for _, q := range pins {
		if q.Name == p.Name {
			return fmt.Errorf("%w: that name has %s: remove it first, or choose another name", ErrPinExists, q.Identity())
		}
		if p.repeats(&q) {
			return fmt.Errorf("%w: the same, as %s", ErrPinExists, q.Name)
		}
	}
	return nil
}

func (s *Store) create(name string, data []byte) error {
	err := s.pins.create(name, pinExt, data)
	if errors.Is(err, atomicfile.ErrExists) { // mutate:skip it takes somebody who writes without the lock
		return fmt.Errorf("%w: %w", ErrPinExists, err)
	}
	return err
}

// Remove forgets a pin, also one whose file is broken, and what was seen of its
// publisher. The error wraps [ErrNoPin] if there is none.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := CheckPinName(name); err != nil {
		return err
	}
	if s.pins.isMissing(name, pinExt) { // and so no folder is made for it
		return fmt.Errorf("removing pin %s: %w", name, ErrNoPin)
	}
	err := s.pins.change(ctx, func() error {
		if err := s.pins.remove(name, pinExt); err != nil { // first: what follows is nothing without it
			return err
		}
		return s.removeSeen(ctx, name)
	})
	s.forget()
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoPin
	}
	if err != nil {
		return fmt.Errorf("removing pin %s: %w", name, err)
	}
	return nil
}

func (s *Store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen != nil && s.seen.index != nil {
		s.seen.index.file.Close()
	}
	s.seen = nil
}
