//! Connecting to others, for guests: TCP, and TLS over it. Whether they may is not decided here.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection to somebody.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to the first of these addresses that answers; with TLS, to who proves to be `tls`.
///
/// # Errors
///
/// That of the last address, or of TLS.
///
/// # Cancel safety
///
/// Dropping the future closes what was opened.
pub(crate) async fn connect(addresses: &[SocketAddr], tls: Option<&str>) -> Result<Box<dyn Stream>, DialError> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are written whole.
                let _ = stream.set_nodelay(true);
                return match tls {
                    None => Ok(Box::new(stream)),
                    Some(name) => secure(stream, name).await,
                };
            }
            Err(error) => last = error,
        }
    }
    Err(DialError::Connect(last))
}

async fn secure(stream: TcpStream, name: &str) -> Result<Box<dyn Stream>, DialError> {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(name.to_owned()).map_err(|_| DialError::Name)?;
    let connector = TlsConnector::from(Arc::clone(&CLIENT));
    let stream = connector.connect(name, stream).await.map_err(DialError::Tls)?;
    Ok(Box::new(stream))
}

/// Made when it is first needed: reading the authorities takes a millisecond.
static CLIENT: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    };
    Arc::new(
        ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
});

/// Why nobody was reached.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    /// No address answers.
    #[error(transparent)]
    Connect(io::Error),
    /// No certificate could be for this name.
    #[error("not a name that a certificate could have")]
    Name,
    /// The other side does not prove who it is, or does not speak TLS.
    #[error(transparent)]
    Tls(io::Error),
}
