;; A component that exports something else than a handler. The host must refuse it, and say what is missing.
(component
  (core module $Program
    (func (export "answer") (result i32) (i32.const 42))
  )
  (core instance $program (instantiate $Program))
  (alias core export $program "answer" (core func $program-answer))
  (func $answer (result u32) (canon lift (core func $program-answer)))
  (instance $question (export "answer" (func $answer)))
  (export "example:deep-thought/question@1.0.0" (instance $question))
)
