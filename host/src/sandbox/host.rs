//! The host's side of `socketserver:core/connections`.

use std::net::Shutdown;
use std::time::Duration;

use wasmtime::component::Resource;

use super::bindings::socketserver::core::connections::{self, Readiness, ShutdownType};
use super::bindings::socketserver::core::network::{self, ErrorCode, SocketAddress};
use super::convert;
use super::state::{ConnectionHandle, State};
use crate::socket::Ready;

impl network::Host for State {}
impl connections::Host for State {}

impl connections::HostConnection for State {
    async fn receive(
        &mut self,
        _connection: Resource<ConnectionHandle>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, ErrorCode>> {
        Ok(self.socket.receive(max as usize).await.map_err(convert::error_code))
    }

    async fn send(
        &mut self,
        _connection: Resource<ConnectionHandle>,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<u32, ErrorCode>> {
        // A list of 32-bit memory is shorter than 4 GiB, and so is what was taken of it.
        let taken = self.socket.send(&data).await;
        Ok(taken
            .map(|taken| u32::try_from(taken).unwrap_or(u32::MAX))
            .map_err(convert::error_code))
    }

    async fn send_all(
        &mut self,
        _connection: Resource<ConnectionHandle>,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        Ok(self.socket.send_all(&data).await.map_err(convert::error_code))
    }

    async fn wait(
        &mut self,
        _connection: Resource<ConnectionHandle>,
        interest: Readiness,
    ) -> wasmtime::Result<Result<Readiness, ErrorCode>> {
        let interest = Ready {
            readable: interest.contains(Readiness::READABLE),
            writable: interest.contains(Readiness::WRITABLE),
        };
        let ready = self.socket.wait(interest).await;
        Ok(ready.map(convert::readiness).map_err(convert::error_code))
    }

    fn shutdown(
        &mut self,
        _connection: Resource<ConnectionHandle>,
        how: ShutdownType,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        let how = match how {
            ShutdownType::Receive => Shutdown::Read,
            ShutdownType::Send => Shutdown::Write,
            ShutdownType::Both => Shutdown::Both,
        };
        Ok(self.socket.shutdown(how).map_err(convert::error_code))
    }

    fn set_timeout(
        &mut self,
        _connection: Resource<ConnectionHandle>,
        milliseconds: Option<u32>,
    ) -> wasmtime::Result<()> {
        let timeout = milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()));
        self.socket.set_timeout(timeout);
        Ok(())
    }

    fn get_remote_address(&mut self, _connection: Resource<ConnectionHandle>) -> wasmtime::Result<SocketAddress> {
        Ok(convert::socket_address(&self.connection.remote.address))
    }

    fn get_local_address(&mut self, _connection: Resource<ConnectionHandle>) -> wasmtime::Result<SocketAddress> {
        let local = self.socket.local_address();
        Ok(convert::socket_address(
            local.as_ref().unwrap_or(&self.connection.listener),
        ))
    }

    /// Ends the connection for the peer. The socket itself is closed when `handle` has ended, so that the limits of the
    /// connection hold for what the guest still does.
    fn drop(&mut self, _connection: Resource<ConnectionHandle>) -> wasmtime::Result<()> {
        self.socket.end();
        Ok(())
    }
}
