;; Looks for what another instance left behind, or leaves something behind. The host must hand each instance memory,
;; globals, tables and segments as the component defines them.
;;
;; Before anything else an instance compares every byte of its memory, of pages that it adds, each global and each entry
;; of its table with what the component defines. Then it receives one byte:
;;
;; - `r`: answers `clean`, or `dirty memory OFFSET`, `dirty global NUMBER`, `dirty table INDEX`.
;; - `w`: overwrites all of it, answers `written` and leaves it like this.
;;
;; A segment that another instance dropped makes this one trap. Locals are not looked at: the language zeroes them.
;;
;; One component does both, because a pool gives the slots of a component to instances of the same component first.
(component
  (import "socketserver:core/network@0.1.0" (instance $network
    (type $string (option string))
    (type $code (variant
      (case "invalid-argument") (case "invalid-state") (case "out-of-memory") (case "timeout")
      (case "remote-unreachable") (case "connection-broken") (case "connection-reset")
      (case "connection-aborted") (case "other" $string)))
    (export "error-code" (type (eq $code)))
  ))
  (alias export $network "error-code" (type $error-code))
  (import "socketserver:core/connections@0.1.0" (instance $connections
    (export "connection" (type $connection (sub resource)))
    (alias outer 1 $error-code (type $outer-code))
    (export "error-code" (type $code (eq $outer-code)))
    (export "[method]connection.receive" (func
      (param "self" (borrow $connection)) (param "max" u32) (result (result (list u8) (error $code)))))
    (export "[method]connection.send-all" (func
      (param "self" (borrow $connection)) (param "data" (list u8)) (result (result (error $code)))))
  ))
  (alias export $connections "connection" (type $connection))

  ;; The memory is a module of its own, so that it exists before the imported functions that write to it.
  (core module $Memory
    ;; 2 MiB, of which the image covers the pages 1 to 5.
    (memory (export "memory") 32)
    (data (i32.const 0x10000) "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\5c]^_`abcdefghijklmno")
    (data (i32.const 0x5ffc0) "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\5c]^_`abcdefghijklmno")

    ;; Every allocation is at 0x1000: a received byte, or the text of an error, which nothing reads.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (if (i32.gt_u (local.get 3) (i32.const 0xf000)) (then unreachable))
      (i32.const 0x1000))
  )
  (core instance $memory-instance (instantiate $Memory))
  (alias core export $memory-instance "memory" (core memory $memory))
  (alias core export $memory-instance "realloc" (core func $realloc))

  (core func $receive (canon lower (func $connections "[method]connection.receive")
    (memory $memory) (realloc $realloc) string-encoding=utf8))
  (core func $send-all (canon lower (func $connections "[method]connection.send-all")
    (memory $memory) (realloc $realloc) string-encoding=utf8))
  (core func $drop (canon resource.drop $connection))

  (core module $Program
    (import "memory" "memory" (memory 32))
    (import "connection" "receive" (func $receive (param i32 i32 i32)))
    (import "connection" "send-all" (func $send-all (param i32 i32 i32 i32)))
    (import "connection" "drop" (func $drop (param i32)))

    (global $i32 (mut i32) (i32.const 0x1234))
    (global $i64 (mut i64) (i64.const 0x123456789abcdef))
    (global $f32 (mut f32) (f32.const 1.5))
    (global $f64 (mut f64) (f64.const 2.5))
    (global $v128 (mut v128) (v128.const i64x2 3 4))
    (global $funcref (mut funcref) (ref.null func))

    ;; Entries 0 and 1 are functions, the others are empty.
    (table $table 8 64 funcref)
    (elem (table $table) (i32.const 0) func $eleven $twelve)
    (type $number (func (result i32)))
    (func $eleven (type $number) (i32.const 11))
    (func $twelve (type $number) (i32.const 12))
    (func $secret (type $number) (i32.const 0xa5a5a5a5))
    (elem declare func $secret)

    (elem $passive-functions func $eleven)
    (data $passive-bytes "passive")

    ;; The answer is written from 0x100 on; $end is behind its last byte.
    (global $end (mut i32) (i32.const 0x100))

    (func $put (param $byte i32)
      (i32.store8 (global.get $end) (local.get $byte))
      (global.set $end (i32.add (global.get $end) (i32.const 1))))

    ;; Up to eight characters, the first in the lowest byte.
    (func $put-word (param $word i64)
      (loop $next
        (call $put (i32.wrap_i64 (i64.and (local.get $word) (i64.const 0xff))))
        (local.set $word (i64.shr_u (local.get $word) (i64.const 8)))
        (br_if $next (i64.ne (local.get $word) (i64.const 0)))))

    (func $put-number (param $number i32)
      (if (i32.ge_u (local.get $number) (i32.const 10))
        (then (call $put-number (i32.div_u (local.get $number) (i32.const 10)))))
      (call $put (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))

    ;; The byte that the component defines at an offset.
    (func $expected (param $offset i32) (result i32)
      (if (result i32)
        (i32.or
          (i32.eq (i32.and (local.get $offset) (i32.const -64)) (i32.const 0x10000))
          (i32.eq (i32.and (local.get $offset) (i32.const -64)) (i32.const 0x5ffc0)))
        (then (i32.add (i32.const 48) (i32.and (local.get $offset) (i32.const 63))))
        (else (i32.const 0))))

    ;; The offset of the first byte that is not as defined, or the end.
    (func $scan-memory (param $offset i32) (result i32)
      (local $size i32)
      (local.set $size (i32.shl (memory.size) (i32.const 16)))
      (block $found
        (loop $next
          (br_if $found (i32.ge_u (local.get $offset) (local.get $size)))
          (br_if $found (i32.ne (i32.load8_u (local.get $offset)) (call $expected (local.get $offset))))
          (local.set $offset (i32.add (local.get $offset) (i32.const 1)))
          (br $next)))
      (local.get $offset))

    ;; The index of the first entry that is not as defined, or the end.
    (func $scan-table (param $index i32) (result i32)
      (block $found
        (loop $next
          (br_if $found (i32.ge_u (local.get $index) (table.size $table)))
          (if (i32.lt_u (local.get $index) (i32.const 2))
            (then
              (br_if $found (ref.is_null (table.get $table (local.get $index))))
              (br_if $found (i32.ne
                (call_indirect $table (type $number) (local.get $index))
                (i32.add (i32.const 11) (local.get $index)))))
            (else
              (br_if $found (i32.eqz (ref.is_null (table.get $table (local.get $index)))))))
          (local.set $index (i32.add (local.get $index) (i32.const 1)))
          (br $next)))
      (local.get $index))

    ;; The number of the first global that is not as defined, or 7.
    (func $scan-globals (result i32)
      (if (i32.ne (global.get $i32) (i32.const 0x1234)) (then (return (i32.const 0))))
      (if (i64.ne (global.get $i64) (i64.const 0x123456789abcdef)) (then (return (i32.const 1))))
      (if (f32.ne (global.get $f32) (f32.const 1.5)) (then (return (i32.const 2))))
      (if (f64.ne (global.get $f64) (f64.const 2.5)) (then (return (i32.const 3))))
      (if (i32.eqz (i64x2.all_true (i64x2.eq (global.get $v128) (v128.const i64x2 3 4))))
        (then (return (i32.const 4))))
      (if (i32.eqz (ref.is_null (global.get $funcref))) (then (return (i32.const 5))))
      (if (i32.ne (global.get $end) (i32.const 0x100)) (then (return (i32.const 6))))
      (i32.const 7))

    ;; Grows memory and table on the way. Writes the answer, and so must have seen everything before it does.
    (func $inspect
      (local $byte i32) (local $global i32) (local $entry i32)
      (local.set $global (call $scan-globals))
      (local.set $byte (call $scan-memory (i32.const 0)))
      (if (i32.eq (local.get $byte) (i32.const 0x200000))
        (then
          (if (i32.ne (memory.grow (i32.const 32)) (i32.const 32)) (then unreachable))
          (local.set $byte (call $scan-memory (i32.const 0x200000)))))
      (local.set $entry (call $scan-table (i32.const 0)))
      (if (i32.eq (local.get $entry) (i32.const 8))
        (then
          (if (i32.ne (table.grow $table (ref.null func) (i32.const 8)) (i32.const 8)) (then unreachable))
          (local.set $entry (call $scan-table (i32.const 8)))))

      (if (i32.ne (local.get $byte) (i32.shl (memory.size) (i32.const 16)))
        (then
          (call $put-word (i64.const 0x207974726964)) ;; "dirty "
          (call $put-word (i64.const 0x2079726f6d656d)) ;; "memory "
          (call $put-number (local.get $byte))
          (return)))
      (if (i32.ne (local.get $global) (i32.const 7))
        (then
          (call $put-word (i64.const 0x207974726964)) ;; "dirty "
          (call $put-word (i64.const 0x206c61626f6c67)) ;; "global "
          (call $put-number (local.get $global))
          (return)))
      (if (i32.ne (local.get $entry) (table.size $table))
        (then
          (call $put-word (i64.const 0x207974726964)) ;; "dirty "
          (call $put-word (i64.const 0x20656c626174)) ;; "table "
          (call $put-number (local.get $entry))
          (return)))

      ;; Both trap when the segment was dropped.
      (table.init $table $passive-functions (i32.const 9) (i32.const 0) (i32.const 1))
      (memory.init $passive-bytes (i32.const 0x200) (i32.const 0) (i32.const 7))
      (call $put-word (i64.const 0x6e61656c63))) ;; "clean"

    (func $overwrite
      (global.set $i32 (i32.const 0xa5a5a5a5))
      (global.set $i64 (i64.const 0xa5a5a5a5a5a5a5a5))
      (global.set $f32 (f32.const 0xa5a5a5))
      (global.set $f64 (f64.const 0xa5a5a5a5))
      (global.set $v128 (v128.const i64x2 0xa5a5a5a5a5a5a5a5 0xa5a5a5a5a5a5a5a5))
      (global.set $funcref (ref.func $secret))
      (table.fill $table (i32.const 0) (ref.func $secret) (table.size $table))
      (memory.fill (i32.const 0) (i32.const 0xa5) (i32.shl (memory.size) (i32.const 16)))
      (elem.drop $passive-functions)
      (data.drop $passive-bytes)
      (global.set $end (i32.const 0x100))
      (call $put-word (i64.const 0x6e657474697277))) ;; "written"

    (func (export "handle") (param $connection i32) (result i32)
      (call $inspect)
      ;; result<list<u8>, error-code> at 0: the case, then the pointer at 4 and the length at 8.
      (call $receive (local.get $connection) (i32.const 1) (i32.const 0))
      (if (i32.or (i32.load8_u (i32.const 0)) (i32.ne (i32.load (i32.const 8)) (i32.const 1)))
        (then unreachable))
      (if (i32.eq (i32.load8_u (i32.load (i32.const 4))) (i32.const 0x77)) ;; 'w'
        (then (call $overwrite)))
      (call $put (i32.const 10))
      (call $send-all (local.get $connection)
        (i32.const 0x100) (i32.sub (global.get $end) (i32.const 0x100)) (i32.const 0))
      (call $drop (local.get $connection))
      ;; result<_, string> at 0x40: ok.
      (i32.store8 (i32.const 0x40) (i32.const 0))
      (i32.const 0x40))
  )
  (core instance $program (instantiate $Program
    (with "memory" (instance $memory-instance))
    (with "connection" (instance
      (export "receive" (func $receive))
      (export "send-all" (func $send-all))
      (export "drop" (func $drop))))
  ))
  (alias core export $program "handle" (core func $program-handle))

  (func $handle (param "connection" (own $connection)) (result (result (error string)))
    (canon lift (core func $program-handle) (memory $memory) string-encoding=utf8))
  (instance $handler (export "handle" (func $handle)))
  (export "socketserver:core/stream-handler@0.1.0" (instance $handler))
)
