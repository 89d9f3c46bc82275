// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestReadEqualsOneShot hashes sizes around the boundaries of the read's blocks.
func TestReadEqualsOneShot(t *testing.T) {
	const small, large = sealwax.SmallBlock, sealwax.AheadFrom
	for _, size := range []int64{
		0, 1, 8, small - 1, small, small + 1, 2*small - 1, 2 * small, 2*small + 1, 9*small + 5,
		large - 1, large, large + 1, large + sealwax.BlockSize - 1, large + sealwax.BlockSize, large + sealwax.BlockSize + 1,
		large + 9*sealwax.BlockCount*sealwax.BlockSize + 5,
	} {
		c := sealwaxtest.Synthetic(size, 7)
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(c, 0, size)); err != nil {
			t.Fatal(err)
		}
		a := sealwaxtest.From("x", c)
		var seen bytes.Buffer
		a.PlanSHA256()
		a.Plan("copy", func() sealwax.Meter { return &seen })
		if err := a.Read(t.Context()); err != nil {
			t.Fatal(size, err)
		}
		copied := sha256.Sum256(seen.Bytes())
		if !bytes.Equal(a.Sum("sha256"), h.Sum(nil)) || !bytes.Equal(copied[:], h.Sum(nil)) {
			t.Errorf("%d bytes: another hash than in one piece", size)
		}
	}
}

func TestMetersBeforeTheRead(t *testing.T) {
	a := artifact()
	a.PlanSHA256()
	if a.Meter("hash:sha256") != nil || a.Sum("sha256") != nil {
		t.Error("a hash before anything is read")
	}
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := a.Sum("sha256")
	a.PlanHash("late", sha256.New)
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.Sum("late") != nil {
		t.Error("a hash of nothing: it was planned after the read")
	}
	if !bytes.Equal(first, a.Sum("sha256")) {
		t.Error("a second Read fed the meters again")
	}
	a.Plan("writer", func() sealwax.Meter { return io.Discard })
	if a.Sum("writer") != nil {
		t.Error("a sum of what is no hash")
	}
}

func TestPlanSharesOneMeter(t *testing.T) {
	a, made := artifact(), 0
	for range 3 {
		a.Plan("m", func() sealwax.Meter { made++; return io.Discard })
	}
	if made != 1 {
		t.Errorf("%d meters for one id", made)
	}
}

// truncated says it is longer than it is, as a file that shrank under us does.
type truncated struct {
	sealwax.Content
	claims int64
}

func (c truncated) Size() int64 { return c.claims }

func TestShrinkingContent(t *testing.T) {
	const block = sealwax.BlockSize
	for _, tc := range []struct{ real, claims int64 }{{0, 1}, {7, 8}, {100, 200}, {block, block + 1}, {3 * block, 3*block + 1}, {block, 9 * block}, {2 * sealwax.AheadFrom, 2*sealwax.AheadFrom + 1}, {block, 2 * sealwax.AheadFrom}} {
		a := sealwaxtest.From("x", truncated{sealwaxtest.Synthetic(tc.real, 0), tc.claims})
		if r, _ := verdict(t, verifier(signed(1)), a, anyOne); r.Verdict != sealwax.Undecided {
			t.Errorf("%d of %d bytes: %v", tc.real, tc.claims, r.Verdict)
		}
	}
}

// short reads less than it was asked for, with the given error.
type short struct {
	sealwax.Content
	err error
}

func (short) Size() int64 { return 5 }

func (c short) ReadAt(p []byte, _ int64) (int, error) { return len(p) - 1, c.err }

func TestShortRead(t *testing.T) {
	for _, tc := range []struct {
		err  error
		says string
	}{{nil, "shorter"}, {io.EOF, "shorter"}, {fmt.Errorf("disk: %w", io.EOF), "shorter"}, {errNet, errNet.Error()}} {
		a := sealwaxtest.From("x", short{sealwaxtest.Content(nil), tc.err})
		a.PlanSHA256()
		if err := a.Read(t.Context()); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%v: %v, want it to say %q", tc.err, err, tc.says)
		}
	}
}

func TestCancelledRead(t *testing.T) {
	for _, size := range []int64{5, sealwax.AheadFrom, 2 * sealwax.AheadFrom} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := verifier(signed(1)).Verify(ctx, sealwaxtest.From("x", sealwaxtest.Synthetic(size, 0)), anyOne)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestCancelledWhileReading cancels from inside a meter.
func TestCancelledWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := sealwaxtest.From("x", sealwaxtest.Synthetic(4*sealwax.AheadFrom, 0))
	var n atomic.Int64
	a.Plan("m", func() sealwax.Meter {
		return writer(func(p []byte) (int, error) {
			cancel()
			n.Add(int64(len(p)))
			return len(p), nil
		})
	})
	if err := a.Read(ctx); !errors.Is(err, context.Canceled) || n.Load() == a.Size() {
		t.Errorf("%v after %d of %d bytes", err, n.Load(), a.Size())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// closing notes whether it was read after it was closed.
type closing struct {
	sealwax.Content
	closed, late *atomic.Bool
}

func (c closing) ReadAt(p []byte, off int64) (int, error) {
	if c.closed.Load() {
		c.late.Store(true)
	}
	return c.Content.ReadAt(p, off)
}

func (c closing) Close() error { c.closed.Store(true); return nil }

// TestMeterFails: the read ends, stays ended, and nobody reads on behind it.
func TestMeterFails(t *testing.T) {
	for _, size := range []int64{5, sealwax.AheadFrom, 2 * sealwax.AheadFrom} {
		c := closing{sealwaxtest.Synthetic(size, 0), new(atomic.Bool), new(atomic.Bool)}
		a := sealwaxtest.From("x", c)
		calls := 0
		a.PlanSHA256()
		a.Plan("m", func() sealwax.Meter { return writer(func([]byte) (int, error) { calls++; return 0, errNet }) })
		for range 2 {
			if err := a.Read(t.Context()); !errors.Is(err, errNet) {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if calls != 1 || a.Sum("sha256") != nil {
			t.Errorf("%d bytes: %d calls, sum %x: a failed read went on, or counts", size, calls, a.Sum("sha256"))
		}
		if c.late.Load() {
			t.Errorf("%d bytes: the content was read after Close", size)
		}
	}
}

// flaky fails one time at a given offset.
type flaky struct {
	sealwax.Content
	at     int64
	failed *bool
}

func (c flaky) ReadAt(p []byte, off int64) (int, error) {
	if off == c.at && !*c.failed {
		*c.failed = true
		return 0, errNet
	}
	return c.Content.ReadAt(p, off)
}

// TestFailedReadStaysFailed: after a failure the meters have seen the beginning;
// a second read would feed it again, and bytes would be judged that are not there.
func TestFailedReadStaysFailed(t *testing.T) {
	for _, size := range []int64{2 * sealwax.SmallBlock, 2 * sealwax.AheadFrom} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { failedReadStaysFailed(t, size) })
	}
}

func failedReadStaysFailed(t *testing.T, size int64) {
	block := size / 2
	real := sealwaxtest.Synthetic(2*block, 0)
	h := sha256.New() // what two reads would see: the first block, then everything
	for _, n := range []int64{block, 2 * block} {
		if _, err := io.Copy(h, io.NewSectionReader(real, 0, n)); err != nil {
			t.Fatal(err)
		}
	}
	v := verifier(signed(1, func(s *ink) { s.sum = [32]byte(h.Sum(nil)) }))
	a := sealwaxtest.From("x", flaky{real, block, new(bool)})
	for range 3 {
		if r, _ := verdict(t, v, a, anyOne); r.Verdict != sealwax.Undecided {
			t.Fatal(r.Verdict)
		}
	}
}

func TestBesideSharesTheRead(t *testing.T) {
	reads := 0
	a := sealwaxtest.From("x", counted{sealwaxtest.Content([]byte(content)), &reads})
	before := reads
	a.PlanSHA256()
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := a.Beside(sealwax.Companion{Name: "sig"})
	if _, err := verdict(t, verifier(signed(1)), b, anyOne); err != nil {
		t.Error(err)
	}
	if reads-before != 1 {
		t.Errorf("read %d times", reads-before)
	}
	got, err := b.Companions(t.Context())
	if err != nil || len(got) != 1 || got[0].Name != "sig" {
		t.Error(got, err)
	}
	if got, err := a.Companions(t.Context()); err != nil || len(got) != 0 {
		t.Error("the first artifact has companions now:", got, err)
	}
}

type counted struct {
	sealwax.Content
	n *int
}

// ReadAt counts what reads content, not the look behind its end.
func (c counted) ReadAt(p []byte, off int64) (int, error) {
	if off < c.Size() {
		*c.n++
	}
	return c.Content.ReadAt(p, off)
}

func TestDigestsAreReported(t *testing.T) {
	r, err := verdict(t, verifier(signed(1)), artifact(), anyOne)
	want := fmt.Sprintf("%x", sum256(content))
	if err != nil || r.Artifact.Digests["sha256"] != want || len(r.Artifact.Digests) != 1 {
		t.Error(r.Artifact.Digests, err)
	}
}

func TestArtifact(t *testing.T) {
	for data, want := range map[string]sealwax.Kind{
		"": sealwax.KindFile, "\x00asm\x01\x00\x00": sealwax.KindFile, "\x00asm\x01\x00\x00\x00": sealwax.KindModule,
		"\x00asm\x0d\x00\x01\x00x": sealwax.KindComponent, "\x00asm\x02\x00\x00\x00": sealwax.KindFile, "\x00asm\x0d\x00\x00\x00": sealwax.KindFile,
	} {
		a := sealwaxtest.Bytes("name", []byte(data))
		var out bytes.Buffer
		n, err := a.WriteTo(&out)
		if a.Kind() != want || a.Name() != "name" || a.Size() != int64(len(data)) || n != a.Size() || err != nil || out.String() != data {
			t.Errorf("%q: %s, %d bytes written, %v; want %s", data, a.Kind(), n, err, want)
		}
	}
	if _, err := sealwax.NewArtifact("x", unreadable{}, nil); !errors.Is(err, errNet) {
		t.Error("the first bytes cannot be read:", err)
	}
	a, err := sealwax.NewArtifact("x", sealwaxtest.Content([]byte("abc")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Companions(t.Context()); got != nil || err != nil {
		t.Error(got, err)
	}
	p := make([]byte, 2)
	if n, err := a.ReadAt(p, 1); n != 2 || err != nil || string(p) != "bc" || a.Content().Size() != 3 {
		t.Error(n, err, p)
	}
}

type unreadable struct{ deadContent }

func (unreadable) Size() int64 { return 100 }
