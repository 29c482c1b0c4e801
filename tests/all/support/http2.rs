//! A client of HTTP/2 by prior knowledge.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::eventually::DEADLINE;
use super::server::Server;

/// The body of a request.
pub(crate) type Sent = UnsyncBoxBody<Bytes, Infallible>;

/// A connection of HTTP/2, and how it ended.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Sent>,
    pub(crate) driver: tokio::task::JoinHandle<Result<(), hyper::Error>>,
}

impl Connection {
    pub(crate) async fn open(server: &Server) -> Self {
        Self::open_with_window(server, DEFAULT_WINDOW).await
    }

    /// One whose streams may send so many bytes before they are read.
    pub(crate) async fn open_with_window(server: &Server, window: u32) -> Self {
        let address = server.address().strip_prefix("http://").unwrap().to_owned();
        let stream = TcpStream::connect(address).await.unwrap();
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(window);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        Self {
            sender,
            driver: tokio::spawn(connection),
        }
    }

    pub(crate) fn send(
        &self,
        path: &str,
        body: Sent,
    ) -> impl Future<Output = Result<Response<Incoming>, hyper::Error>> + Send + use<> {
        let mut sender = self.sender.clone();
        let request = Request::post(format!("http://test{path}")).version(Version::HTTP_2);
        let request = request.body(body).unwrap();
        async move {
            sender.ready().await?;
            sender.send_request(request).await
        }
    }

    pub(crate) fn get(&self, path: &str) -> impl Future<Output = (StatusCode, Bytes)> + Send + use<> {
        let sent = self.send(path, whole(b""));
        async move {
            let response = sent.await.unwrap();
            (
                response.status(),
                response.into_body().collect().await.unwrap().to_bytes(),
            )
        }
    }
}

pub(crate) fn whole(bytes: &[u8]) -> Sent {
    Full::new(Bytes::copy_from_slice(bytes)).boxed_unsync()
}

/// A body whose parts come when they are sent.
struct Parts(mpsc::UnboundedReceiver<Frame<Bytes>>);

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

pub(crate) fn streamed() -> (mpsc::UnboundedSender<Frame<Bytes>>, Sent) {
    let (parts, receiver) = mpsc::unbounded_channel();
    (parts, Parts(receiver).boxed_unsync())
}

/// Runs a client; its connections go on while the test waits for the server.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(DEADLINE, test).await.expect("it ends") });
}

/// What a client has that says nothing (RFC 9113, section 6.5.2).
const DEFAULT_WINDOW: u32 = 65_535;
