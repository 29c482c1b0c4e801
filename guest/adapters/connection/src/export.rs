//! The way from a [`Connection`](crate::Connection) to the export of a component.

/// Implements the resource of `socketserver:core/connections` in the module where it stands.
///
/// `$bindings` is the module that `wit-bindgen` has generated. `$current` is a thread-local
/// [`Current`](crate::Current) of [`Connection`](crate::Connection). `$dropped` is called with the number of a handle that was
/// dropped; its connection may be closed by then.
///
/// What is called by a handle that was kept beyond its connection fails with `invalid-state`.
#[macro_export]
macro_rules! export_connections {
    ($bindings:path, $current:ident, $dropped:path) => {
        use generated::exports::socketserver::core::connections as exported;
        use $bindings as generated;

        /// What the handle to a connection is.
        #[derive(Debug)]
        pub struct Handle(pub u32);

        impl Handle {
            fn with<R>(
                &self,
                act: impl FnOnce(&mut $crate::Connection<Transport>) -> Result<R, $crate::network::ErrorCode>,
            ) -> Result<R, $crate::network::ErrorCode> {
                let done = $current.with(|current| current.with(self.0, act));
                done.unwrap_or(Err($crate::network::ErrorCode::InvalidState))
            }

            fn address(
                &self,
                of: impl FnOnce(&Transport) -> $crate::network::SocketAddress,
            ) -> $crate::network::SocketAddress {
                let address = $current.with(|current| current.with(self.0, |connection| of(connection.transport())));
                address.unwrap_or($crate::network::SocketAddress::Unix(None))
            }
        }

        impl Drop for Handle {
            fn drop(&mut self) {
                $dropped(self.0);
            }
        }

        impl exported::GuestConnection for Handle {
            fn receive(&self, max: u32) -> Result<Vec<u8>, $crate::network::ErrorCode> {
                self.with(|connection| connection.receive(max))
            }

            fn send(&self, data: Vec<u8>) -> Result<u32, $crate::network::ErrorCode> {
                self.with(|connection| connection.send(&data))
            }

            fn send_all(&self, data: Vec<u8>) -> Result<(), $crate::network::ErrorCode> {
                self.with(|connection| connection.send_all(&data))
            }

            fn wait(&self, interest: exported::Readiness) -> Result<exported::Readiness, $crate::network::ErrorCode> {
                let interest = $crate::Directions {
                    receiving: interest.contains(exported::Readiness::READABLE),
                    sending: interest.contains(exported::Readiness::WRITABLE),
                };
                let ready = self.with(|connection| connection.wait(interest))?;
                let mut flags = exported::Readiness::empty();
                flags.set(exported::Readiness::READABLE, ready.receiving);
                flags.set(exported::Readiness::WRITABLE, ready.sending);
                Ok(flags)
            }

            fn shutdown(&self, how: exported::ShutdownType) -> Result<(), $crate::network::ErrorCode> {
                let directions = $crate::Directions {
                    receiving: how != exported::ShutdownType::Send,
                    sending: how != exported::ShutdownType::Receive,
                };
                self.with(|connection| connection.shutdown(directions))
            }

            fn set_timeout(&self, milliseconds: Option<u32>) {
                // A connection that is closed waits for nothing.
                let _ = self.with(|connection| {
                    connection.set_timeout(milliseconds);
                    Ok(())
                });
            }

            fn get_remote_address(&self) -> $crate::network::SocketAddress {
                self.address($crate::Transport::remote_address)
            }

            fn get_local_address(&self) -> $crate::network::SocketAddress {
                self.address($crate::Transport::local_address)
            }
        }
    };
}
