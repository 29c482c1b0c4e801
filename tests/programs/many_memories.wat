;; Grows eight memories in turn, 1 MiB each time, until one is refused; then says how many MiB it got and traps. The
;; host must bound the memories of an instance together, not each one, and abort this connection and no other.
(component
  (import "socketserver:core/network@0.1.0" (instance $network
    (type $words (option string))
    (type $code (variant
      (case "access-denied") (case "address-in-use") (case "address-not-bindable") (case "invalid-argument") (case "invalid-state") (case "out-of-memory") (case "timeout")
      (case "remote-unreachable") (case "connection-broken") (case "connection-reset")
      (case "connection-aborted") (case "datagram-too-large") (case "other" $words)))
    (export "error-code" (type (eq $code)))
  ))
  (alias export $network "error-code" (type $error-code))
  (import "socketserver:core/connections@0.1.0" (instance $connections
    (export "connection" (type $connection (sub resource)))
    (alias outer 1 $error-code (type $outer-code))
    (export "error-code" (type $code (eq $outer-code)))
    (export "[method]connection.send-all" (func
      (param "self" (borrow $connection)) (param "data" (list u8)) (result (result (error $code)))))
  ))
  (alias export $connections "connection" (type $connection))

  ;; A memory that can be grown.
  (core module $Cell
    (memory 0)
    ;; Returns whether it was. The new pages are touched: a host that counts only resident memory must see them too.
    (func $grow (export "grow") (result i32)
      (local $pages i32)
      (local.set $pages (memory.grow (i32.const 16)))
      (if (i32.eq (local.get $pages) (i32.const -1)) (then (return (i32.const 0))))
      (memory.fill (i32.shl (local.get $pages) (i32.const 16)) (i32.const 0xa5) (i32.const 0x100000))
      (i32.const 1))
  )
  (core instance $cell0 (instantiate $Cell))
  (core instance $cell1 (instantiate $Cell))
  (core instance $cell2 (instantiate $Cell))
  (core instance $cell3 (instantiate $Cell))
  (core instance $cell4 (instantiate $Cell))
  (core instance $cell5 (instantiate $Cell))
  (core instance $cell6 (instantiate $Cell))
  (core instance $cell7 (instantiate $Cell))

  ;; The memory of the line that it sends, and of what the host writes. A module of its own, so that it exists before
  ;; the imported functions that use it.
  (core module $Memory
    (memory (export "memory") 1 1)
    ;; The host asks for memory for the text of an error alone, which nothing reads.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x1000))
  )
  (core instance $memory-instance (instantiate $Memory))
  (alias core export $memory-instance "memory" (core memory $memory))
  (alias core export $memory-instance "realloc" (core func $realloc))

  (core func $send-all (canon lower (func $connections "[method]connection.send-all")
    (memory $memory) (realloc $realloc) string-encoding=utf8))

  (core module $Program
    (import "memory" "memory" (memory 1))
    (import "connection" "send-all" (func $send-all (param i32 i32 i32 i32)))
    (type $grow (func (result i32)))
    (import "cell0" "grow" (func $grow0 (type $grow)))
    (import "cell1" "grow" (func $grow1 (type $grow)))
    (import "cell2" "grow" (func $grow2 (type $grow)))
    (import "cell3" "grow" (func $grow3 (type $grow)))
    (import "cell4" "grow" (func $grow4 (type $grow)))
    (import "cell5" "grow" (func $grow5 (type $grow)))
    (import "cell6" "grow" (func $grow6 (type $grow)))
    (import "cell7" "grow" (func $grow7 (type $grow)))
    (table 8 8 funcref)
    (elem (i32.const 0) func $grow0 $grow1 $grow2 $grow3 $grow4 $grow5 $grow6 $grow7)

    ;; The line is written from 0x100 on; $end is behind its last byte.
    (data $unit " MiB\n")
    (global $end (mut i32) (i32.const 0x100))

    (func $put-number (param $number i32)
      (if (i32.ge_u (local.get $number) (i32.const 10))
        (then (call $put-number (i32.div_u (local.get $number) (i32.const 10)))))
      (i32.store8 (global.get $end) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (global.set $end (i32.add (global.get $end) (i32.const 1))))

    (func $handle (export "handle") (param $connection i32) (result i32)
      (local $grown i32)
      (block $refused
        (loop $next
          (br_if $refused (i32.eqz
            (call_indirect (type $grow) (i32.and (local.get $grown) (i32.const 7)))))
          (local.set $grown (i32.add (local.get $grown) (i32.const 1)))
          (br $next)))
      (call $put-number (local.get $grown))
      (memory.init $unit (global.get $end) (i32.const 0) (i32.const 5))
      (global.set $end (i32.add (global.get $end) (i32.const 5)))
      ;; What came of it is written to 0, and does not matter.
      (call $send-all (local.get $connection)
        (i32.const 0x100) (i32.sub (global.get $end) (i32.const 0x100)) (i32.const 0))
      unreachable)
  )
  (core instance $program (instantiate $Program
    (with "memory" (instance $memory-instance))
    (with "connection" (instance (export "send-all" (func $send-all))))
    (with "cell0" (instance $cell0))
    (with "cell1" (instance $cell1))
    (with "cell2" (instance $cell2))
    (with "cell3" (instance $cell3))
    (with "cell4" (instance $cell4))
    (with "cell5" (instance $cell5))
    (with "cell6" (instance $cell6))
    (with "cell7" (instance $cell7))
  ))
  (alias core export $program "handle" (core func $program-handle))

  (func $handle (param "connection" (own $connection)) (result (result (error string)))
    (canon lift (core func $program-handle) (memory $memory) string-encoding=utf8))
  (instance $handler (export "handle" (func $handle)))
  (export "socketserver:core/stream-handler@0.1.0" (instance $handler))
)
