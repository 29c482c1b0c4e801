//! A guest's own request: to where the rules of the operator say, and nowhere else.
//!
//! Each takes a connection of its own, as with `wasmtime serve`, which counts as one of the guest's sockets.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody};

use crate::dial::{self, DialError};
use crate::sandbox::lookup;
use crate::sandbox::outbound::{Outbound, Place};

/// Sends it, and returns the response with what has to run for its body to come.
pub(super) async fn send(
    outbound: &Outbound,
    mut request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<(Response<WasiBody>, impl Future<Output = Result<()>> + Send + use<>)> {
    let is_https = request.uri().scheme() == Some(&Scheme::HTTPS);
    let authority = request.uri().authority().cloned().ok_or(Error::HttpRequestUriInvalid)?;
    let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let host = authority.host().to_owned();
    let [connect, first_byte, between_bytes] = [
        options.connect_timeout,
        options.first_byte_timeout,
        options.between_bytes_timeout,
    ]
    .map(|time| time.unwrap_or(LONGEST));
    let connecting = async {
        let addresses = find(outbound, &host, port).await?;
        let (_, place) = outbound.socket().await.ok_or(Error::ConnectionLimitReached)?;
        let stream = dial::connect(&addresses, is_https.then_some(&*host))
            .await
            .map_err(failed)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(of_hyper)?;
        Ok::<_, Error>((sender, connection, place))
    };
    let connected = timeout(connect, connecting)
        .await
        .map_err(|_| Error::ConnectionTimeout)?;
    let (mut sender, connection, place) = connected?;
    // Only a proxy is told more than the path.
    *request.uri_mut() = Uri::from(path(request.uri()));
    let mut connection = Box::pin(connection);
    let mut ended = None;
    let response = {
        let mut response = pin!(timeout(first_byte, sender.send_request(request)));
        std::future::poll_fn(|cx| {
            if ended.is_none()
                && let Poll::Ready(end) = connection.as_mut().poll(cx)
            {
                ended = Some(end);
            }
            response.as_mut().poll(cx)
        })
        .await
    };
    let response = response.map_err(|_| Error::ConnectionReadTimeout)?.map_err(of_hyper)?;
    let response = response.map(|body| Paced::new(body, between_bytes, place.clone()).boxed_unsync());
    let rest = async move {
        // The request may go on when the response is over, and has the connection until then.
        let _place = place;
        match ended {
            Some(end) => end,
            None => connection.await,
        }
        .map_err(of_hyper)
    };
    Ok((response, rest))
}

fn path(uri: &Uri) -> PathAndQuery {
    uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"))
}

/// The addresses of a host that the guest may connect to.
async fn find(outbound: &Outbound, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let addresses = lookup::look_up(outbound, host).await.map_err(|code| match code {
        ErrorCode::AccessDenied => Error::HttpRequestDenied,
        ErrorCode::InvalidArgument => Error::HttpRequestUriInvalid,
        ErrorCode::TemporaryResolverFailure => Error::DnsTimeout,
        _ => Error::DnsError {
            rcode: None,
            info_code: None,
        },
    })?;
    let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
    let allowed = outbound.allowed(addresses);
    if allowed.is_empty() {
        return Err(Error::HttpRequestDenied);
    }
    Ok(allowed)
}

/// The codes that stand for it; what wasmtime would make of the error itself it would write to the log.
fn failed(error: DialError) -> Error {
    match error {
        DialError::Connect(error) => match error.kind() {
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Error::DestinationIpUnroutable,
            io::ErrorKind::TimedOut => Error::ConnectionTimeout,
            _ => Error::ConnectionRefused,
        },
        DialError::Name => Error::TlsCertificateError,
        DialError::Tls(_) => Error::TlsProtocolError,
    }
}

fn of_hyper(error: hyper::Error) -> Error {
    if error.is_incomplete_message() {
        Error::HttpResponseIncomplete
    } else if error.is_closed() || error.is_canceled() {
        Error::ConnectionTerminated
    } else {
        Error::HttpProtocolError
    }
}

/// The body of a response, which has to move within a time that the guest chose.
struct Paced {
    incoming: Incoming,
    between_bytes: Duration,
    /// Set when the body has to be waited for.
    sleep: Option<Pin<Box<Sleep>>>,
    waits: bool,
    _place: Place,
}

impl Paced {
    fn new(incoming: Incoming, between_bytes: Duration, place: Place) -> Self {
        Self {
            incoming,
            between_bytes,
            sleep: None,
            waits: false,
            _place: place,
        }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            self.waits = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(of_hyper)));
        }
        let deadline = Instant::now() + self.between_bytes;
        let starts = !std::mem::replace(&mut self.waits, true);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if starts {
            sleep.as_mut().reset(deadline);
        }
        sleep
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// What a guest waits for that sets no time itself, as with `wasmtime serve`. Its own request ends before that, by default.
const LONGEST: Duration = Duration::from_secs(600);
