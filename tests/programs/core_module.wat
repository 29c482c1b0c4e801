;; A core module, not a component. The host must refuse it, and say what is the matter.
(module
  (func $handle (export "handle") (param i32) (result i32) (local.get 0))
)
