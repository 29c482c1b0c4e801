//! The one connection that is being handled, and the handles to it.
//!
//! A handler may keep its handle for as long as it lives, and that must keep nothing open. So a handle is only a number, and
//! what it stands for is taken from here when the handler is done with it.

use std::cell::{Cell, RefCell};

/// The place of the one that is being handled.
#[derive(Debug)]
pub struct Current<C> {
    /// Of the last that was opened. It begins again after 2^32 of them, when handles to the first ones may be forgotten.
    number: Cell<u32>,
    held: RefCell<Option<C>>,
}

impl<C> Current<C> {
    /// Nothing is being handled.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            number: Cell::new(0),
            held: RefCell::new(None),
        }
    }

    /// Begins with the next one, and returns the number that handles to it have.
    pub fn open(&self, next: C) -> u32 {
        self.number.set(self.number.get().wrapping_add(1));
        self.held.replace(Some(next));
        self.number.get()
    }

    /// Does something with what a handle stands for; `None` if that is closed.
    pub fn with<R>(&self, number: u32, act: impl FnOnce(&mut C) -> R) -> Option<R> {
        if number != self.number.get() {
            return None;
        }
        self.held.borrow_mut().as_mut().map(act)
    }

    /// Does something with the last that was opened; `None` if it is closed.
    pub fn with_last<R>(&self, act: impl FnOnce(&mut C) -> R) -> Option<R> {
        self.with(self.number.get(), act)
    }

    /// Takes what a handle stands for; `None` if that is closed.
    pub fn take(&self, number: u32) -> Option<C> {
        if number != self.number.get() {
            return None;
        }
        self.take_last()
    }

    /// Takes the last that was opened; `None` if it is closed.
    pub fn take_last(&self) -> Option<C> {
        self.held.borrow_mut().take()
    }
}

impl<C> Default for Current<C> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_that_was_kept_reaches_nothing_of_the_next() {
        let current = Current::new();
        let first = current.open("first");
        assert_eq!(current.with(first, |held| *held), Some("first"));
        assert_eq!(current.take_last(), Some("first"));
        assert_eq!(current.with(first, |held| *held), None);
        let second = current.open("second");
        assert_eq!(current.with(first, |held| *held), None);
        assert_eq!(current.take(first), None);
        assert_eq!(current.take(second), Some("second"));
    }
}
