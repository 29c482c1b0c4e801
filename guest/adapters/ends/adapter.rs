//! Makes the futures that tell async handlers how what they receive has ended.
//!
//! It is a component of its own because a handler may return the future that it was given, and a component must not read a
//! future of its own making.

#![cfg(target_family = "wasm")]

mod bindings;

use std::cell::RefCell;

use adapter_connection::network::ErrorCode;
use wit_bindgen::{FutureReader, FutureWriter, spawn_local};

use self::bindings::exports::socketserver::adapters::ends::{Guest, GuestTeller, Teller};
use self::bindings::wit_future;

struct Adapter;

/// The writing end, until it is used.
struct Writer(RefCell<Option<FutureWriter<Result<(), ErrorCode>>>>);

impl GuestTeller for Writer {
    fn open() -> (Teller, FutureReader<Result<(), ErrorCode>>) {
        let (writer, reader) = wit_future::new(|| Ok(()));
        (Teller::new(Self(RefCell::new(Some(writer)))), reader)
    }

    async fn tell(this: Teller, ended: Result<(), ErrorCode>) {
        let writer = this.get::<Self>().0.take();
        drop(this);
        if let Some(writer) = writer {
            spawn_local(async move {
                // It is told in vain if nobody is interested any more.
                let _ = writer.write(ended).await;
            });
        }
    }
}

impl Guest for Adapter {
    type Teller = Writer;
}

#[allow(unsafe_code, reason = "generated code")]
mod export {
    use crate::Adapter;

    crate::bindings::export!(Adapter with_types_in crate::bindings);
}
