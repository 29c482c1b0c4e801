//! Empty on purpose: the crates beside this file are fetched for their examples, which cargo builds in their own folders.
