;; A WASI command that prints one line. hello.wasm is this, assembled with wabt.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\14\00\00\00\2e\00\00\00")
  (data (i32.const 20) "hello from a module that somebody vouched for\n")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))
