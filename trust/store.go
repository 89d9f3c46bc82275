// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
)

var (
	// ErrPinExists is wrapped when a name is taken, or the same key is pinned
	// already for the same subjects and role.
	ErrPinExists = errors.New("it is pinned already")
	// ErrNoPin is wrapped when there is no pin of a name.
	ErrNoPin = errors.New("there is no such pin")
)

// Store is the pins in a configuration folder: one file each, pins/NAME.pin. Any
// number of goroutines and processes may use a folder at once.
//
// The zero Store has no folder: it fails, and so decides nothing.
type Store struct {
	folder folder

	mu     sync.Mutex
	pins   []Pin // as they were when first asked for; see For
	loaded bool
}

// OpenStore is the store in a configuration folder. Nothing is read until
// somebody asks, and a folder that is not there is a store without pins.
func OpenStore(config string) *Store { return &Store{folder: folder{base: config, sub: "pins"}} }

const pinExt = ".pin"

// List reads all pins, sorted by name. With an error it returns those that could
// be read, to be shown and not to be trusted. The error joins a [*FileError] for
// each file that is wrong.
func (s *Store) List(ctx context.Context) ([]Pin, error) {
	names, err := s.folder.names(pinExt)
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
	if s.folder.base == "" {
		return Pin{}, errNoFolder
	}
	p, err := s.readPin(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Pin{}, fmt.Errorf("pin %s: %w", name, ErrNoPin)
	}
	return p, err
}

func (s *Store) readPin(name string) (Pin, error) {
	path := s.folder.path(name, pinExt)
	if err := CheckPinName(name); err != nil {
		return Pin{}, &FileError{path, err, "rename or remove the file"}
	}
	data, err := s.folder.read(name, pinExt, MaxPinBytes)
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

// Add keeps a pin. Nothing is replaced: the error wraps [ErrPinExists] if the
// name is taken, and also if a pin of another name says the same, since its
// removal would then change nothing.
func (s *Store) Add(ctx context.Context, p Pin) error {
	data, err := p.Marshal()
	if err != nil {
		return err
	}
	err = s.folder.change(ctx, func() error { return s.add(ctx, p, data) })
	s.forget()
	if err != nil {
		return fmt.Errorf("adding pin %s: %w", p.Name, err)
	}
	return nil
}

func (s *Store) add(ctx context.Context, p Pin, data []byte) error {
	pins, err := s.List(ctx)
	if err != nil {
		return err
	}
	for _, q := range pins {
		if q.Name == p.Name {
			return fmt.Errorf("%w: that name has key %s: remove it first, or choose another name", ErrPinExists, q.Key)
		}
		if p.repeats(&q) {
			return fmt.Errorf("%w: the same key, as %s", ErrPinExists, q.Name)
		}
	}
	err = s.folder.create(p.Name, pinExt, data)
	if errors.Is(err, atomicfile.ErrExists) {
		return fmt.Errorf("%w: %w", ErrPinExists, err)
	}
	return err
}

// Remove forgets a pin, also one whose file is broken. The error wraps
// [ErrNoPin] if there is none.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := CheckPinName(name); err != nil {
		return err
	}
	if s.folder.isMissing(name, pinExt) { // and so no folder is made for it
		return fmt.Errorf("removing pin %s: %w", name, ErrNoPin)
	}
	err := s.folder.change(ctx, func() error { return s.folder.remove(name, pinExt) })
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
	s.pins, s.loaded = nil, false
}

// all is List, read once: many artifacts are judged by one state of the store.
func (s *Store) all(ctx context.Context) ([]Pin, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded {
		return s.pins, nil
	}
	pins, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	s.pins, s.loaded = pins, true
	return pins, nil
}

// For is whom the pins trust for a subject in any of the roles; without a role
// it is nobody. A subject that begins with a scheme and a colon is a canonical
// name, all else is a path: for files pass [FileSubject].
//
// Anchors are offered as [Keys] does. The pins are read at the first question to
// any For of this Store, and again after Add and Remove: open a new Store to see
// what others changed.
func (s *Store) For(subject string, roles ...sealwax.Role) sealwax.Trust {
	return &pinned{s, pattern.Named(subject), roles}
}

// pinned is the store as seen by one subject.
type pinned struct {
	store   *Store
	subject pattern.Subject
	roles   []sealwax.Role
}

// Anchors offers those whose pins are for the subject, in the roles.
func (p *pinned) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	pins, err := p.store.all(ctx)
	if err != nil {
		return nil, err
	}
	// Two pins of one key for different subjects may meet in one.
	type who struct {
		key  key.Public
		role sealwax.Role
	}
	seen := map[who]bool{}
	var known Keys
	for i := range pins {
		pin := &pins[i]
		id := who{pin.Key, pin.Role}
		if slices.Contains(p.roles, pin.Role) && pin.isFor(p.subject) && !seen[id] {
			seen[id] = true
			known = append(known, pin.anchor())
		}
	}
	return known.Anchors(ctx, h)
}
