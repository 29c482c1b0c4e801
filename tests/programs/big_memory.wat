;; A handler whose memory starts with 128 MiB. Under a lower limit of memory the host must refuse it before it listens,
;; and say what it needs; under a higher one it must serve it: it closes each connection at once.
(component
  (import "socketserver:core/connections@0.1.0" (instance $connections
    (export "connection" (type (sub resource)))
  ))
  (alias export $connections "connection" (type $connection))
  (core func $drop (canon resource.drop $connection))

  (core module $Program
    (import "connection" "drop" (func $drop (param i32)))
    (memory (export "memory") 2048)
    (func $handle (export "handle") (param $connection i32) (result i32)
      (call $drop (local.get $connection))
      ;; result<_, string> at 0: ok, because all of the memory is zero.
      (i32.const 0))
  )
  (core instance $program (instantiate $Program
    (with "connection" (instance (export "drop" (func $drop))))
  ))
  (alias core export $program "memory" (core memory $memory))
  (alias core export $program "handle" (core func $program-handle))

  (func $handle (param "connection" (own $connection)) (result (result (error string)))
    (canon lift (core func $program-handle) (memory $memory) string-encoding=utf8))
  (instance $handler (export "handle" (func $handle)))
  (export "socketserver:core/stream-handler@0.1.0" (instance $handler))
)
