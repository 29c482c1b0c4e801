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
    connect_with(addresses, tls, &CLIENT).await
}

async fn connect_with(
    addresses: &[SocketAddr],
    tls: Option<&str>,
    client: &Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, DialError> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are written whole.
                let _ = stream.set_nodelay(true);
                return match tls {
                    None => Ok(Box::new(stream)),
                    Some(name) => secure(stream, name, client).await,
                };
            }
            Err(error) => last = error,
        }
    }
    Err(DialError::Connect(last))
}

async fn secure(stream: TcpStream, name: &str, client: &Arc<ClientConfig>) -> Result<Box<dyn Stream>, DialError> {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(name.to_owned()).map_err(|_| DialError::Name)?;
    let connector = TlsConnector::from(Arc::clone(client));
    let stream = connector.connect(name, stream).await.map_err(DialError::Tls)?;
    Ok(Box::new(stream))
}

/// Made when it is first needed: reading the authorities takes a millisecond.
static CLIENT: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    };
    trusting(roots)
});

fn trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    let client = ClientConfig::builder().with_root_certificates(roots);
    Arc::new(client.with_no_client_auth())
}

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

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

    use super::*;

    /// A server that is `localhost` and `::1`, greets whoever it shakes hands with, and the client that trusts it.
    async fn server() -> (SocketAddr, Arc<ClientConfig>) {
        let names = ["localhost".to_owned(), "::1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into());
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.write_all(b"hello").await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        (address, trusting(roots))
    }

    #[tokio::test]
    async fn who_proves_to_be_the_one_is_spoken_to() {
        let (address, client) = server().await;
        for name in ["localhost", "[::1]"] {
            let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
            let mut stream = connect_with(&[nobody, address], Some(name), &client).await.unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "hello");
        }
    }

    #[tokio::test]
    async fn who_does_not_is_not() {
        let (address, client) = server().await;
        let refused = |name: &'static str, client: Arc<ClientConfig>| async move {
            connect_with(&[address], Some(name), &client).await.err()
        };
        assert!(matches!(
            refused("example.com", Arc::clone(&client)).await,
            Some(DialError::Tls(_))
        ));
        assert!(matches!(
            refused("127.0.0.1", Arc::clone(&client)).await,
            Some(DialError::Tls(_))
        ));
        assert!(matches!(refused("a_b/c", client).await, Some(DialError::Name)));
        // Mozilla's authorities know nothing of it.
        assert!(matches!(
            refused("localhost", Arc::clone(&CLIENT)).await,
            Some(DialError::Tls(_))
        ));
    }
}
