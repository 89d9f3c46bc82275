// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"

	"github.com/tetratelabs/wazero"
)

// compiledForm stands in the place of the folder that the engine would keep
// compiled code in. It has the parent's compiled form, and hands what the engine
// made to the parent. No folder is involved, into which a guest that runs beside
// this process could put code of its own.
//
// The form is the engine's name for it (32 bytes: the module, the engine's format
// and the processor's features), followed by what the engine writes.
type compiledForm struct {
	known []byte                // from the parent, nil if there is none
	used  bool                  // known was handed to the engine
	keep  func(io.Reader) error // takes what was compiled
}

// entryName is how the engine names compiled code.
type entryName = [32]byte

// Get hands the known form to the engine, if it is what the engine asks for. The
// reader gives as many bytes at once as are wanted: the engine demands that.
func (f *compiledForm) Get(name entryName) (io.ReadCloser, bool, error) {
	code, ok := bytes.CutPrefix(f.known, name[:])
	if !ok {
		return nil, false, nil
	}
	f.used = true
	return io.NopCloser(bytes.NewReader(code)), true, nil
}

// Add hands on what the engine compiled, without holding it once more. Where that
// fails the guest runs all the same, and the next start compiles again.
func (f *compiledForm) Add(name entryName, content io.Reader) error {
	_ = f.keep(io.MultiReader(bytes.NewReader(name[:]), content))
	return nil
}

// Delete forgets a form that the engine finds outdated.
func (f *compiledForm) Delete(entryName) error {
	f.known = nil
	return nil
}

var errNoPlace = errors.New("this version of the engine has no place for compiled code")

// cache puts f where the engine has its folder. The engine offers nothing but a
// folder; what it keeps the folder behind is an interface of standard types, which
// f has the methods of. Where that is no longer so the error says it, and a
// test fails.
func (f *compiledForm) cache() (wazero.CompilationCache, error) {
	c := wazero.NewCompilationCache()
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil, errNoPlace
	}
	place := v.Elem().FieldByName("fileCache")
	if !place.IsValid() || place.Kind() != reflect.Interface || !reflect.TypeOf(f).Implements(place.Type()) {
		return nil, errNoPlace
	}
	reflect.NewAt(place.Type(), place.Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(f))
	return c, nil
}

// stand lets f stand in the place of the engine's folder, if that can be.
func (f *compiledForm) stand(config wazero.RuntimeConfig) wazero.RuntimeConfig {
	c, err := f.cache()
	if err != nil {
		return config
	}
	return config.WithCompilationCache(c)
}

// compile compiles a module, or takes the known form of it. A form that the
// engine cannot read is left aside.
func (f *compiledForm) compile(ctx context.Context, rt wazero.Runtime, module []byte) (wazero.CompiledModule, error) {
	code, err := rt.CompileModule(ctx, module)
	if err != nil && f.used {
		f.known, f.used = nil, false
		return rt.CompileModule(ctx, module)
	}
	return code, err
}
