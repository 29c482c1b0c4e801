//! Empty: a package must have a target that is not an example.
