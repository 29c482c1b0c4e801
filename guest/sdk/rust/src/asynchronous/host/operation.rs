//! One read and one write, which give the buffer of their caller back however they end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use wit_bindgen::{AbiBuffer, RawStreamRead, RawStreamWrite, StreamOps, StreamResult};

/// A read that returns its buffer to where it was taken from, with what was read.
pub(super) struct Read<'a, 'stream, O: StreamOps<Payload = u8>> {
    read: Pin<&'a mut RawStreamRead<'stream, O>>,
    buffer: &'a mut Vec<u8>,
    is_ended: &'a mut bool,
    is_done: bool,
}

impl<'a, 'stream, O: StreamOps<Payload = u8>> Read<'a, 'stream, O> {
    pub(super) fn new(
        read: Pin<&'a mut RawStreamRead<'stream, O>>,
        buffer: &'a mut Vec<u8>,
        is_ended: &'a mut bool,
    ) -> Self {
        Self {
            read,
            buffer,
            is_ended,
            is_done: false,
        }
    }

    fn finish(&mut self, (result, buffer): (StreamResult, Vec<u8>)) {
        self.is_done = true;
        *self.is_ended |= result == StreamResult::Dropped;
        *self.buffer = buffer;
    }
}

impl<O: StreamOps<Payload = u8>> Future for Read<'_, '_, O> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let outcome = ready!(self.read.as_mut().poll(context));
        self.finish(outcome);
        Poll::Ready(())
    }
}

impl<O: StreamOps<Payload = u8>> Drop for Read<'_, '_, O> {
    fn drop(&mut self) {
        if !self.is_done {
            // Bytes may have arrived all the same.
            let outcome = self.read.as_mut().cancel();
            self.finish(outcome);
        }
    }
}

/// A write that returns what was not written to where its buffer was taken from, if it is dropped.
pub(super) struct Write<'a, 'stream, O: StreamOps<Payload = u8>> {
    write: Pin<&'a mut RawStreamWrite<'stream, O>>,
    left: &'a mut Vec<u8>,
    is_broken: &'a mut bool,
    is_done: bool,
}

impl<'a, 'stream, O: StreamOps<Payload = u8>> Write<'a, 'stream, O> {
    pub(super) fn new(
        write: Pin<&'a mut RawStreamWrite<'stream, O>>,
        left: &'a mut Vec<u8>,
        is_broken: &'a mut bool,
    ) -> Self {
        Self {
            write,
            left,
            is_broken,
            is_done: false,
        }
    }

    fn finish(&mut self, (result, buffer): (StreamResult, AbiBuffer<O>)) -> AbiBuffer<O> {
        self.is_done = true;
        *self.is_broken |= result == StreamResult::Dropped;
        buffer
    }
}

impl<O: StreamOps<Payload = u8>> Future for Write<'_, '_, O> {
    type Output = AbiBuffer<O>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<AbiBuffer<O>> {
        let outcome = ready!(self.write.as_mut().poll(context));
        Poll::Ready(self.finish(outcome))
    }
}

impl<O: StreamOps<Payload = u8>> Drop for Write<'_, '_, O> {
    fn drop(&mut self) {
        if !self.is_done {
            // Some of it may have been taken all the same.
            let outcome = self.write.as_mut().cancel();
            *self.left = self.finish(outcome).into_vec();
        }
    }
}
