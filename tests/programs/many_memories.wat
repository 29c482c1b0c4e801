;; Grows eight memories in turn, 1 MiB each time, until one is refused, and returns the sum as an error. The host must
;; bound the memories of an instance together, not each one.
(component
  (import "socketserver:core/connections@0.1.0" (instance $connections
    (export "connection" (type (sub resource)))
  ))
  (alias export $connections "connection" (type $connection))
  (core func $drop (canon resource.drop $connection))

  (core module $Cell
    (memory 1)
    ;; The pages are touched: a host that counts only resident memory must see them too.
    (func (export "grow") (result i32)
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

  (core module $Program
    (import "connection" "drop" (func $drop (param i32)))
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

    (memory (export "memory") 1 1)
    (data (i32.const 0x100) "MiB before the refusal: ")
    (global $end (mut i32) (i32.const 0x118))

    (func $put-number (param $number i32)
      (if (i32.ge_u (local.get $number) (i32.const 10))
        (then (call $put-number (i32.div_u (local.get $number) (i32.const 10)))))
      (i32.store8 (global.get $end) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (global.set $end (i32.add (global.get $end) (i32.const 1))))

    (func (export "handle") (param $connection i32) (result i32)
      (local $grown i32)
      (block $refused
        (loop $next
          (br_if $refused (i32.eqz
            (call_indirect (type $grow) (i32.and (local.get $grown) (i32.const 7)))))
          (local.set $grown (i32.add (local.get $grown) (i32.const 1)))
          (br $next)))
      (call $put-number (local.get $grown))
      (call $drop (local.get $connection))
      ;; result<_, string>: the case, then the pointer at 4 and the length at 8.
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.store (i32.const 4) (i32.const 0x100))
      (i32.store (i32.const 8) (i32.sub (global.get $end) (i32.const 0x100)))
      (i32.const 0))
  )
  (core instance $program (instantiate $Program
    (with "connection" (instance (export "drop" (func $drop))))
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
  (alias core export $program "memory" (core memory $memory))

  (func $handle (param "connection" (own $connection)) (result (result (error string)))
    (canon lift (core func $program-handle) (memory $memory) string-encoding=utf8))
  (instance $handler (export "handle" (func $handle)))
  (export "socketserver:core/stream-handler@0.1.0" (instance $handler))
)
