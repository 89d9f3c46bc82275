// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"strconv"

	"github.com/sealwax/sealwax/gate/engine/cache"
	"github.com/sealwax/sealwax/internal/process"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// errOtherEngine says that an entry was made by an engine that is not the one
// that answered.
var errOtherEngine = errors.New("the compiled form is of another engine's version")

// runCached runs a module with what the cache knows of it, and lets the cache keep
// what the engine compiles. Whatever is wrong with the cache, the module is
// compiled, as if there were none.
func (c Child) runCached(ctx context.Context, job Job, module *sealedmem.File) (Result, error) {
	k, err := c.cacheKey(job, module)
	if err != nil {
		return c.run(ctx, job, module, nil)
	}
	known, err := c.Cache.Load(ctx, k)
	if unsafe := (*safefile.Error)(nil); errors.As(err, &unsafe) { // nothing could be kept there, either
		return c.run(ctx, job, module, nil)
	}
	if err == nil {
		defer func() { _ = known.Code.Close() }()
	}
	result, err := c.runKnowing(ctx, job, module, k, known)
	if errors.Is(err, errOtherEngine) { // nothing has run yet
		return c.runKnowing(ctx, job, module, k, cache.Entry{})
	}
	return result, err
}

// cacheKey is what a compiled form of module depends on.
func (c Child) cacheKey(job Job, module *sealedmem.File) (cache.Key, error) {
	exe, err := process.Self(c.Executable)
	if err != nil {
		return cache.Key{}, err
	}
	binary, err := cache.Binary(exe)
	if err != nil {
		return cache.Key{}, err
	}
	size := module.Size()
	if job.Size > 0 {
		size = job.Size
	}
	digest, err := cache.Digest(module, size)
	if err != nil {
		return cache.Key{}, err
	}
	return cache.Key{Module: digest, Binary: binary, Flags: flags(job)}, nil
}

// runKnowing runs a module with a known compiled form, which the zero Entry is
// none of, and keeps a new one.
func (c Child) runKnowing(ctx context.Context, job Job, module *sealedmem.File, k cache.Key, known cache.Entry) (Result, error) {
	out, err := sealedmem.NewOutput("compiled")
	if err != nil {
		return c.run(ctx, job, module, nil)
	}
	keeper := keeper{store: c.Cache, key: k, out: out}
	defer keeper.close()
	job.Keep, job.Known = out, known.Code
	admit := c.Admit
	c.Admit = func(i Identity) error {
		if admit != nil {
			if err := admit(i); err != nil {
				return err
			}
		}
		keeper.maker = cache.Maker{Name: i.Engine, Version: i.EngineVersion}
		if known.Code != nil && known.Maker != keeper.maker {
			return errOtherEngine
		}
		return nil
	}
	return c.run(ctx, job, module, keeper.keep)
}

// keeper hands to the cache what one child compiled.
type keeper struct {
	store *cache.Store
	key   cache.Key
	maker cache.Maker
	out   *sealedmem.Output // nil when it is sealed
}

// keep seals what was announced and saves it. What cannot be saved is compiled
// again the next time.
func (k *keeper) keep(size int64) {
	out := k.out
	k.out = nil
	code, err := out.Seal(context.Background(), k.store.Limit)
	if err != nil {
		return
	}
	defer func() { _ = code.Close() }()
	if code.Size() == size {
		_ = k.store.Save(k.key, k.maker, code)
	}
}

func (k *keeper) close() {
	if k.out != nil {
		k.out.Discard()
	}
}

// flags is what a compiled form depends on besides the module and the engine.
func flags(job Job) string {
	if job.MaxStack == 0 {
		return ""
	}
	return "max-stack=" + strconv.FormatInt(job.MaxStack, 10)
}
