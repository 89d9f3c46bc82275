module github.com/sealwax/sealwax/x/wasmtime

go 1.26.8

require (
	github.com/bytecodealliance/wasmtime-go/v44 v44.0.0
	github.com/sealwax/sealwax v0.0.0
	golang.org/x/sys v0.49.0
)

require github.com/tetratelabs/wazero v1.12.0 // indirect

replace github.com/sealwax/sealwax => ../..
