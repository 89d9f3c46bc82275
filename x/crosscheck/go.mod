module github.com/sealwax/sealwax/x/crosscheck

go 1.26.8

require (
	aead.dev/minisign v0.3.0
	github.com/jedisct1/go-minisign v0.0.0-20260527172527-a09352b57a22
	github.com/sealwax/sealwax v0.0.0
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/sealwax/sealwax => ../..
