;; Looks for what another instance left behind, or leaves something behind. The host must hand each instance memory,
;; globals, tables and segments as the component defines them.
;;
;; Before it does anything else an instance compares the size and every byte of its memory, every byte of pages that it
;; adds, each global, and the size and each entry of its table, before and after growing it, with what the component
;; defines. Then it receives one byte, and answers with a line:
;;
;; - `dirty memory OFFSET`, `dirty global NUMBER` or `dirty table INDEX`, whatever the byte, if it found something;
;; - `clean`, if the byte is `r`;
;; - `written`, if the byte is `w`, after having overwritten all of it, and leaves it like this.
;;
;; A segment that stays dropped from instance to instance makes a later one trap. Locals are not looked at: the language
;; zeroes them.
;;
;; One component does both, because a pool gives the slots of a component to instances of the same component first.
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
    (export "[method]connection.receive" (func
      (param "self" (borrow $connection)) (param "max" u32) (result (result (list u8) (error $code)))))
    (export "[method]connection.send-all" (func
      (param "self" (borrow $connection)) (param "data" (list u8)) (result (result (error $code)))))
  ))
  (alias export $connections "connection" (type $connection))

  ;; The memory is a module of its own, so that it exists before the imported functions that write to it.
  (core module $Memory
    ;; 2 MiB: page 0 is before the image that the segments make, pages 1 to 5 are the image, the rest is behind it.
    (memory (export "memory") 32)
    (data (i32.const 0x10000) "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\5c]^_`abcdefghijklmno")
    (data (i32.const 0x5ffc0) "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\5c]^_`abcdefghijklmno")

    ;; Every allocation is at 0x1000: the received byte, or the text of an error, which nothing reads.
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
    (data $clean "clean")
    (data $written "written")
    (data $dirty-memory "dirty memory ")
    (data $dirty-global "dirty global ")
    (data $dirty-table "dirty table ")

    ;; The answer is written from 0x100 on; $end is behind its last byte.
    (global $end (mut i32) (i32.const 0x100))

    (func $put (param $byte i32)
      (i32.store8 (global.get $end) (local.get $byte))
      (global.set $end (i32.add (global.get $end) (i32.const 1))))

    (func $put-number (param $number i32)
      (if (i32.ge_u (local.get $number) (i32.const 10))
        (then (call $put-number (i32.div_u (local.get $number) (i32.const 10)))))
      (call $put (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))

    ;; The eight bytes that the component defines at a multiple of eight. The 64 bytes of a segment count up from `0`.
    (func $expected (param $offset i32) (result i64)
      (if (result i64)
        (i32.or
          (i32.eq (i32.and (local.get $offset) (i32.const -64)) (i32.const 0x10000))
          (i32.eq (i32.and (local.get $offset) (i32.const -64)) (i32.const 0x5ffc0)))
        (then (i64.add
          (i64.const 0x3736353433323130)
          (i64.mul
            (i64.const 0x0101010101010101)
            (i64.extend_i32_u (i32.and (local.get $offset) (i32.const 56))))))
        (else (i64.const 0))))

    ;; The offset of the first byte that is not as defined, or $to.
    (func $scan-memory (param $from i32) (param $to i32) (result i32)
      (local $difference i64)
      (loop $next
        (if (i32.ge_u (local.get $from) (local.get $to)) (then (return (local.get $to))))
        (local.set $difference
          (i64.xor (i64.load (local.get $from)) (call $expected (local.get $from))))
        (if (i64.eqz (local.get $difference))
          (then
            (local.set $from (i32.add (local.get $from) (i32.const 8)))
            (br $next))))
      ;; The first byte is the lowest of the eight.
      (i32.add
        (local.get $from)
        (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $difference)) (i64.const 3)))))

    ;; The index of the first entry that is not as defined, or $to.
    (func $scan-table (param $from i32) (param $to i32) (result i32)
      (block $found
        (loop $next
          (br_if $found (i32.ge_u (local.get $from) (local.get $to)))
          (if (i32.lt_u (local.get $from) (i32.const 2))
            (then
              (br_if $found (ref.is_null (table.get $table (local.get $from))))
              (br_if $found (i32.ne
                (call_indirect $table (type $number) (local.get $from))
                (i32.add (i32.const 11) (local.get $from)))))
            (else
              (br_if $found (i32.eqz (ref.is_null (table.get $table (local.get $from)))))))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (br $next)))
      (local.get $from))

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

    ;; The offset of the first byte that is not as defined, or the size of the memory. Adds 2 MiB on the way. A memory
    ;; that does not start with its size has a byte too many or too few at its end.
    (func $inspect-memory (result i32)
      (local $byte i32)
      (if (i32.ne (memory.size) (i32.const 32)) (then (return (i32.const 0x200000))))
      (local.set $byte (call $scan-memory (i32.const 0) (i32.const 0x200000)))
      (if (i32.ne (local.get $byte) (i32.const 0x200000)) (then (return (local.get $byte))))
      (if (i32.ne (memory.grow (i32.const 32)) (i32.const 32)) (then unreachable))
      (call $scan-memory (i32.const 0x200000) (i32.const 0x400000)))

    ;; The same for the table, which it makes twice as long.
    (func $inspect-table (result i32)
      (local $entry i32)
      (if (i32.ne (table.size $table) (i32.const 8)) (then (return (i32.const 8))))
      (local.set $entry (call $scan-table (i32.const 0) (i32.const 8)))
      (if (i32.ne (local.get $entry) (i32.const 8)) (then (return (local.get $entry))))
      (if (i32.ne (table.grow $table (ref.null func) (i32.const 8)) (i32.const 8)) (then unreachable))
      (call $scan-table (i32.const 8) (i32.const 16)))

    ;; Writes the answer if something is dirty, and returns whether it did.
    (func $inspect (result i32)
      (local $byte i32) (local $global i32) (local $entry i32)
      ;; All three look before the first of them is reported, because a report writes to memory and to $end.
      (local.set $byte (call $inspect-memory))
      (local.set $global (call $scan-globals))
      (local.set $entry (call $inspect-table))
      (if (i32.ne (local.get $byte) (i32.const 0x400000))
        (then
          (memory.init $dirty-memory (i32.const 0x100) (i32.const 0) (i32.const 13))
          (global.set $end (i32.const 0x10d))
          (call $put-number (local.get $byte))
          (return (i32.const 1))))
      (if (i32.ne (local.get $global) (i32.const 7))
        (then
          (memory.init $dirty-global (i32.const 0x100) (i32.const 0) (i32.const 13))
          (global.set $end (i32.const 0x10d))
          (call $put-number (local.get $global))
          (return (i32.const 1))))
      (if (i32.ne (local.get $entry) (i32.const 16))
        (then
          (memory.init $dirty-table (i32.const 0x100) (i32.const 0) (i32.const 12))
          (global.set $end (i32.const 0x10c))
          (call $put-number (local.get $entry))
          (return (i32.const 1))))
      ;; Traps when the segment is dropped, as writing `clean` does.
      (table.init $table $passive-functions (i32.const 9) (i32.const 0) (i32.const 1))
      (memory.init $clean (i32.const 0x100) (i32.const 0) (i32.const 5))
      (global.set $end (i32.const 0x105))
      (i32.const 0))

    (func $overwrite
      (global.set $i32 (i32.const 0xa5a5a5a5))
      (global.set $i64 (i64.const 0xa5a5a5a5a5a5a5a5))
      (global.set $f32 (f32.const 0xa5a5a5))
      (global.set $f64 (f64.const 0xa5a5a5a5))
      (global.set $v128 (v128.const i64x2 0xa5a5a5a5a5a5a5a5 0xa5a5a5a5a5a5a5a5))
      (global.set $funcref (ref.func $secret))
      (table.fill $table (i32.const 0) (ref.func $secret) (table.size $table))
      (table.set $table (i32.const 7) (ref.func $twelve))
      (memory.fill (i32.const 0) (i32.const 0xa5) (i32.shl (memory.size) (i32.const 16)))
      (elem.drop $passive-functions)
      (data.drop $clean)
      (memory.init $written (i32.const 0x100) (i32.const 0) (i32.const 7))
      (global.set $end (i32.const 0x107)))

    (func $handle (export "handle") (param $connection i32) (result i32)
      (local $dirty i32)
      (local.set $dirty (call $inspect))
      ;; result<list<u8>, error-code> at 0: the case, then the pointer at 4 and the length at 8.
      (call $receive (local.get $connection) (i32.const 1) (i32.const 0))
      (if (i32.or (i32.load8_u (i32.const 0)) (i32.ne (i32.load (i32.const 8)) (i32.const 1)))
        (then unreachable))
      (if (i32.and
          (i32.eqz (local.get $dirty))
          (i32.eq (i32.load8_u (i32.load (i32.const 4))) (i32.const 0x77))) ;; `w`
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
