// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
)

// memory is an index that is no file.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

var testStamps = stamps{123456789, 987654321}

// testKnown are n pins, of which every fifth lists the key of its neighbour.
func testKnown(t testing.TB, n int) []Known {
	var out []Known
	for i := range n {
		k := i
		if i%5 == 4 {
			k--
		}
		out = append(out, Known{Pin: testPin(t, fmt.Sprintf("p%d", i), k, "*")})
	}
	return out
}

func openText(text []byte, now stamps) (*index, error) {
	return parseIndex(memory{bytes.NewReader(text)}, int64(len(text)), now)
}

// checkIndex asks for every key, and for some that are not there.
func checkIndex(t *testing.T, ix *index, all []Known) {
	t.Helper()
	for n := range len(all) + 3 {
		k := testKey(t, n)
		var want []string
		for _, known := range all {
			if known.lists(k) {
				want = append(want, known.Pin.Name)
			}
		}
		slices.Sort(want)
		own := k.MinisignID()
		for _, id := range [][]byte{own[:], k.WasmsignID()} {
			if got, err := ix.names(id); err != nil || !slices.Equal(got, want) {
				t.Errorf("key %d of %d: %q, %v; want %q", n, len(all), got, err, want)
			}
		}
	}
}

func TestIndex(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 10, 33} {
		all := testKnown(t, n)
		ix, err := openText(indexText(testStamps, all), testStamps)
		if err != nil {
			t.Fatal(err)
		}
		checkIndex(t, ix, all)
		for _, id := range [][]byte{nil, {1}, make([]byte, 12), make([]byte, 13), bytes.Repeat([]byte{0xff}, 12)} {
			if got, err := ix.names(id); got != nil || err != nil {
				t.Errorf("%x: %q, %v", id, got, err)
			}
		}
	}
}

func TestIndexIsOfOneMoment(t *testing.T) {
	text := indexText(testStamps, testKnown(t, 3))
	for _, now := range []stamps{{}, {testStamps.pins + 1, testStamps.chains}, {testStamps.pins, testStamps.chains - 1}} {
		if _, err := openText(text, now); !errors.Is(err, errBrokenIndex) {
			t.Errorf("%v: %v", now, err)
		}
	}
	if _, err := openText(append(bytes.Clone(text), 'x'), testStamps); !errors.Is(err, errBrokenIndex) {
		t.Error(err)
	}
	for _, cut := range []int{0, 1, len(indexHeader), len(text) - 1, len(text) - recordBytes} {
		if _, err := openText(text[:cut], testStamps); !errors.Is(err, errBrokenIndex) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

// checkBelieved holds whatever a changed index answers to what is so.
func checkBelieved(t *testing.T, text []byte, all []Known) {
	t.Helper()
	ix, err := openText(text, testStamps)
	if err != nil {
		return
	}
	for n := range len(all) + 2 {
		k := testKey(t, n)
		got, err := ix.names(k.WasmsignID())
		if err != nil {
			continue
		}
		for _, known := range all {
			if known.lists(k) != slices.Contains(got, known.Pin.Name) {
				t.Errorf("key %d: the broken index says %q", n, got)
			}
		}
	}
}

// TestIndexFlip: no changed byte and no exchanged record is believed.
func TestIndexFlip(t *testing.T) {
	all := testKnown(t, 6)
	text := indexText(testStamps, all)
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		checkBelieved(t, changed, all)
	}
	body := len(headerOf(testStamps, 0))
	for from := body; from < len(text); from += recordBytes {
		for to := body; to < len(text); to += recordBytes {
			changed := bytes.Clone(text)
			copy(changed[to:], text[from:from+recordBytes])
			checkBelieved(t, changed, all)
		}
	}
}

func FuzzIndex(f *testing.F) {
	all := testKnown(f, 6)
	text := indexText(testStamps, all)
	f.Add(text)
	f.Add(text[:len(text)-recordBytes])
	f.Add(append(bytes.Clone(text), text[len(text)-recordBytes:]...))
	f.Fuzz(func(t *testing.T, data []byte) { checkBelieved(t, data, all) })
}

// crowded is a store of more pins than are tried.
func crowded(t testing.TB) (*Store, string) {
	t.Helper()
	_, dir := storeWith(t)
	if err := os.MkdirAll(filepath.Join(dir, "pins"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range MaxTried + 10 {
		p := testPin(t, fmt.Sprintf("p%02d", i), i, "*")
		text, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "pins", p.Name+".pin"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openStore(dir), dir
}

// ask asks a store for the key n and says whether an index answered.
func ask(t *testing.T, s *Store, n int, want ...string) (byIndex bool) {
	t.Helper()
	checkOffered(t, s.For("x", sealwax.RoleRelease), wasmsigHint(testKey(t, n)), want...)
	return s.seen != nil && s.seen.index != nil
}

func TestIndexOnDisk(t *testing.T) {
	s, dir := crowded(t)
	if ask(t, s, 7, "p07") {
		t.Error("an index before anything was read")
	}
	if s.stampsNow().coarse() {
		return // this disk is not fit for one
	}
	if !ask(t, openStore(dir), 7, "p07") {
		t.Fatal("no index was made")
	}
	// What changes, it does not outlive.
	other := openStore(dir)
	if err := other.Add(t.Context(), testPin(t, "new", 700, "*")); err != nil {
		t.Fatal(err)
	}
	if err := other.Remove(t.Context(), "p07"); err != nil {
		t.Fatal(err)
	}
	if got, err := offered(t, openStore(dir).For("x", sealwax.RoleRelease), wasmsigHint(testKey(t, 7))); !isHintUnknown(err) {
		t.Errorf("%q, %v", got, err)
	}
	if !ask(t, openStore(dir), 700, "new") {
		t.Error("it was not made again")
	}
	if err := os.Mkdir(filepath.Join(dir+"-state", "publishers"), 0o700); err != nil {
		t.Fatal(err)
	}
	if ask(t, openStore(dir), 700, "new") {
		t.Error("it outlives a change of the publishers")
	}
}

// TestIndexWantsFineTime: where a change may not show, there is no index.
func TestIndexWantsFineTime(t *testing.T) {
	s, dir := crowded(t)
	pins := filepath.Join(dir, "pins")
	if err := os.Chtimes(pins, day, day); err != nil {
		t.Fatal(err)
	}
	ask(t, s, 7, "p07")
	if _, err := os.Stat(filepath.Join(dir+"-state", "index")); err == nil {
		t.Error("an index of a folder that tells time in seconds")
	}
	// Nor while it changes.
	fine := day.Add(123456789)
	if err := os.Chtimes(pins, fine, fine); err != nil {
		t.Fatal(err)
	}
	if s.settled(t.Context()) == (stamps{}) {
		t.Error("nothing changed")
	}
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				at := fine.Add(time.Duration(n) * time.Microsecond)
				_ = os.Chtimes(pins, at, at)
			}
		}
	}()
	if got := s.settled(t.Context()); got != (stamps{}) {
		t.Errorf("it changes all the time, and settled at %v", got)
	}
	close(stop)
	<-done
	before := s.stampsNow()
	before.pins--
	s.writeIndex(t.Context(), before, nil)
	s.writeIndex(t.Context(), stamps{}, nil)
	if _, err := os.Stat(filepath.Join(dir+"-state", "index")); err == nil {
		t.Error("an index of what is no more")
	}
}

// TestIndexTouchesLittle: with an index a broken pin matters only where it is asked.
func TestIndexTouchesLittle(t *testing.T) {
	s, dir := crowded(t)
	ask(t, s, 7, "p07")
	path := filepath.Join(dir, "pins", "p08.pin")
	if err := os.WriteFile(path, []byte("?"), 0o600); err != nil { // in place: the folder does not change
		t.Fatal(err)
	}
	if s := openStore(dir); !ask(t, s, 7, "p07") {
		return // this disk is not fit for one
	}
	file := (*FileError)(nil)
	if got, err := offered(t, openStore(dir).For("x", sealwax.RoleRelease), wasmsigHint(testKey(t, 8))); !errors.As(err, &file) || file.Path != path {
		t.Errorf("%q, %v", got, err)
	}
	// Making it again takes all of them.
	if err := os.Remove(filepath.Join(dir+"-state", "index")); err != nil {
		t.Fatal(err)
	}
	if got, err := offered(t, openStore(dir).For("x", sealwax.RoleRelease), wasmsigHint(testKey(t, 7))); !errors.As(err, &file) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestBrokenIndexIsReadAround: whatever is wrong with it, the answer is the same.
func TestBrokenIndexIsReadAround(t *testing.T) {
	s, dir := crowded(t)
	ask(t, s, 7, "p07")
	path := filepath.Join(dir+"-state", "index")
	text, err := os.ReadFile(path)
	if err != nil {
		return // this disk is not fit for one
	}
	for name, spoil := range map[string]func() error{
		"a byte": func() error {
			id := hex.EncodeToString(testKey(t, 7).WasmsignID())
			return os.WriteFile(path, bytes.Replace(text, []byte(id), []byte("0"+id[1:]), 1), 0o600)
		},
		"all records": func() error { return os.WriteFile(path, bytes.ReplaceAll(text, []byte(" p"), []byte(" q")), 0o600) },
		"cut off":     func() error { return os.WriteFile(path, text[:len(text)/2], 0o600) },
		"empty":       func() error { return os.WriteFile(path, nil, 0o600) },
		"a folder":    func() error { return errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700)) },
		"open to all": func() error {
			return errors.Join(os.RemoveAll(path), os.WriteFile(path, text, 0o600), os.Chmod(path, 0o666))
		},
	} {
		if runtime.GOOS == "windows" && name == "open to all" {
			continue
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if ask(t, openStore(dir), 7, "p07") {
			t.Errorf("%s: a broken index answers", name)
		}
		if name == "a byte" && !ask(t, openStore(dir), 7, "p07") {
			t.Errorf("%s: it was not made again", name)
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReindex: whoever changes many pins makes the index, and of few there is none.
func TestReindex(t *testing.T) {
	s, dir := crowded(t)
	s.Reindex(t.Context())
	if s.stampsNow().coarse() {
		return // this disk is not fit for one
	}
	if !ask(t, openStore(dir), 7, "p07") {
		t.Error("no index was made")
	}
	if err := s.Add(t.Context(), testPin(t, "new", 700, "*")); err != nil {
		t.Fatal(err)
	}
	s.Reindex(t.Context())
	if !ask(t, openStore(dir), 700, "new") {
		t.Error("it was not made again")
	}
	few, fewDir := storeWith(t, testPin(t, "a", 1, "*"))
	few.Reindex(t.Context())
	if _, err := os.Stat(filepath.Join(fewDir+"-state", "index")); err == nil {
		t.Error("an index of one pin")
	}
}
