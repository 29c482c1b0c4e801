//! What one guest does with the network beyond its connection, and what it is refused there.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSocketsCtx, WasiSocketsView as _};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::address::Transport;
use crate::config::Config;
use crate::event::Observer;
use crate::meter::Meter;
use crate::outbound::{ConnectRefused, ConnectRule, Granted, Name};

/// What all guests of a component are granted.
pub(super) struct OutboundGrant {
    rules: Arc<[ConnectRule]>,
    max_sockets: u32,
    observer: Arc<dyn Observer>,
}

impl OutboundGrant {
    /// `None` where no rule grants anything.
    pub(super) fn of(config: &Config, observer: &Arc<dyn Observer>) -> Option<Self> {
        (!config.allow_connect.is_empty()).then(|| Self::new(config, observer))
    }

    /// What the rules grant, which may be nothing.
    pub(super) fn new(config: &Config, observer: &Arc<dyn Observer>) -> Self {
        Self {
            rules: config.allow_connect.as_slice().into(),
            max_sockets: config.limits.max_outbound,
            observer: Arc::clone(observer),
        }
    }

    /// Grants it to a guest: that of a connection by its number, or a program.
    pub(super) fn guest(&self, connection: Option<u64>, meter: &Arc<Meter>) -> Outbound {
        Outbound(Arc::new(Guest {
            granted: Granted::new(Arc::clone(&self.rules)),
            sockets: Arc::new(Semaphore::new(self.max_sockets as usize)),
            places: Mutex::default(),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            account: Mutex::new(Account {
                connection,
                meter: Arc::clone(meter),
            }),
            observer: Arc::clone(&self.observer),
        }))
    }
}

/// What one guest was granted. It is made when the guest first asks for something.
#[derive(Clone)]
pub(super) struct Outbound(Arc<Guest>);

/// One of the sockets that a guest may have, until the last copy is dropped.
#[derive(Clone)]
pub(super) struct Place(Arc<OwnedSemaphorePermit>);

struct Guest {
    granted: Granted,
    /// As many as it may still open.
    sockets: Arc<Semaphore>,
    /// Where its sockets of WASI 0.3 are among them, by their numbers in the guest's table.
    places: Mutex<HashMap<u32, Weak<OwnedSemaphorePermit>>>,
    /// As many names as it may look up at once.
    lookups: Arc<Semaphore>,
    account: Mutex<Account>,
    observer: Arc<dyn Observer>,
}

/// Whose doing a refusal is.
struct Account {
    connection: Option<u64>,
    meter: Arc<Meter>,
}

impl Outbound {
    /// Goes on with another request. What the guest holds, and what names have granted it, stays its own.
    pub(super) fn renew(&self, connection: u64, meter: &Arc<Meter>) {
        *self.0.account() = Account {
            connection: Some(connection),
            meter: Arc::clone(meter),
        };
    }

    pub(super) fn granted(&self) -> &Granted {
        &self.0.granted
    }

    /// What a socket is made with; `None` when the guest has as many as it may have.
    ///
    /// A socket keeps the check of its addresses for as long as it has a descriptor, in tasks of wasmtime's too, and the
    /// check keeps the permit: so the limit is exact. Such a task ends a moment after the guest has closed its socket, which
    /// is waited for.
    pub(super) async fn socket(&self) -> Option<(WasiSocketsCtx, Place)> {
        let sockets = Arc::clone(&self.0.sockets);
        let permit = timeout(CLOSING, sockets.acquire_owned()).await.ok()?.ok()?;
        let place = Place(Arc::new(permit));
        let held = place.clone();
        let guest = Arc::clone(&self.0);
        let mut ctx = WasiCtx::builder();
        ctx.allow_tcp(true).allow_udp(true);
        ctx.socket_addr_check(move |address, usage| {
            let _held: &Place = &held;
            Box::pin(std::future::ready(guest.allows(address, usage)))
        });
        let mut bare = Bare {
            ctx: ctx.build(),
            table: ResourceTable::new(),
        };
        Some((bare.sockets().ctx.clone(), place))
    }

    /// Notes the place of the socket that has this number in the guest's table.
    pub(super) fn keep_place(&self, number: u32, place: &Place) {
        let mut places = self.places();
        places.retain(|_, place| place.strong_count() > 0);
        places.insert(number, Arc::downgrade(&place.0));
    }

    /// The place of the socket that has this number, for what will have its descriptor as well.
    pub(super) fn place(&self, number: u32) -> Option<Place> {
        self.places().get(&number)?.upgrade().map(Place)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<u32, Weak<OwnedSemaphorePermit>>> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of the lookups that the guest may have at once.
    pub(super) fn lookup(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.lookups).try_acquire_owned().ok()
    }

    /// Those of these addresses that the guest may connect to; if there is none, the operator is told of the first.
    pub(super) fn allowed(&self, addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let guest = &self.0;
        let is_allowed = |address: &SocketAddr| guest.granted.covers(Transport::Tcp, *address);
        match addresses.first() {
            Some(first) if !addresses.iter().any(is_allowed) => {
                guest.allows_remote(Transport::Tcp, *first);
                Vec::new()
            }
            _ => addresses.into_iter().filter(is_allowed).collect(),
        }
    }

    /// Whether the guest may look up a name; if not, the operator is told.
    pub(super) fn allows_name(&self, name: &Name) -> bool {
        let guest = &self.0;
        guest.granted.covers_name(name) || guest.refuse(|connection| ConnectRefused::look_up(connection, name.clone()))
    }
}

impl Guest {
    fn allows(&self, address: SocketAddr, usage: SocketAddrUse) -> bool {
        match usage {
            // A socket of WASI 0.2 has to be bound before it sends; this leaves address and port to the system.
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind if is_any(address) => true,
            SocketAddrUse::TcpBind | SocketAddrUse::TcpListen => self.refuse_bind(Transport::Tcp, address),
            SocketAddrUse::UdpBind => self.refuse_bind(Transport::Udp, address),
            SocketAddrUse::TcpAccept => false,
            SocketAddrUse::TcpConnect => self.allows_remote(Transport::Tcp, address),
            SocketAddrUse::UdpSend => self.allows_remote(Transport::Udp, address),
            // The doing of a stranger: it is dropped, and the guest has not asked for anything.
            SocketAddrUse::UdpReceive => self.granted.covers(Transport::Udp, address),
        }
    }

    fn allows_remote(&self, transport: Transport, address: SocketAddr) -> bool {
        self.granted.covers(transport, address)
            || self.refuse(|connection| ConnectRefused::connect(connection, transport, address))
    }

    fn refuse_bind(&self, transport: Transport, address: SocketAddr) -> bool {
        self.refuse(|connection| ConnectRefused::bind(connection, transport, address))
    }

    /// Tells of the first refusal, and counts all: a guest could ask without end. Always `false`.
    fn refuse(&self, refused: impl FnOnce(Option<u64>) -> ConnectRefused) -> bool {
        let account = self.account();
        let is_first = account.meter.refuse_connect() == 0;
        let connection = account.connection;
        drop(account);
        if is_first {
            self.observer.connect_refused(&refused(connection));
        }
        false
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_any(address: SocketAddr) -> bool {
    address.ip().is_unspecified() && address.port() == 0
}

/// The way from the builder to the part of its context that is for sockets.
struct Bare {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Bare {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.ctx,
            table: &mut self.table,
        }
    }
}

/// What a worker thread needs to drop a task that was aborted, and no wait to speak of for a guest that is at its limit.
const CLOSING: Duration = Duration::from_millis(20);

/// Names that a guest may look up at once: each takes a thread for as long as the name servers of the system take.
const MAX_LOOKUPS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<ConnectRefused>>);

    impl Observer for Recorder {
        fn connect_refused(&self, refused: &ConnectRefused) {
            self.0.lock().unwrap().push(refused.clone());
        }
    }

    fn guest(rule: &str) -> (Outbound, Arc<Meter>, Arc<Recorder>) {
        let mut config = Config::new("x.wasm");
        config.allow_connect = vec![rule.parse().unwrap()];
        config.limits.max_outbound = 2;
        let recorder = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = recorder.clone();
        let meter = Arc::new(Meter::new());
        let grant = OutboundGrant::of(&config, &observer).unwrap();
        (grant.guest(Some(7), &meter), meter, recorder)
    }

    #[test]
    fn without_a_rule_there_is_nothing_to_grant() {
        let observer: Arc<dyn Observer> = Arc::new(Recorder::default());
        assert!(OutboundGrant::of(&Config::new("x.wasm"), &observer).is_none());
    }

    #[test]
    fn each_use_of_an_address_is_judged() {
        let (outbound, meter, _) = guest("127.0.0.1:80");
        let allows = |address: &str, usage| outbound.0.allows(address.parse().unwrap(), usage);
        for usage in [
            SocketAddrUse::TcpConnect,
            SocketAddrUse::UdpSend,
            SocketAddrUse::UdpReceive,
        ] {
            assert!(allows("127.0.0.1:80", usage));
            assert!(!allows("127.0.0.1:81", usage));
        }
        for usage in [SocketAddrUse::TcpBind, SocketAddrUse::UdpBind] {
            assert!(allows("0.0.0.0:0", usage) && allows("[::]:0", usage));
            assert!(!allows("127.0.0.1:0", usage) && !allows("0.0.0.0:80", usage));
            assert!(
                !allows("127.0.0.1:80", usage),
                "the rule is not about the guest's own end"
            );
        }
        assert!(!allows("0.0.0.0:0", SocketAddrUse::TcpListen));
        assert!(!allows("127.0.0.1:80", SocketAddrUse::TcpAccept));
        // Two that connect, three of each kind that bind, and one that listens; what comes in is nobody's wish.
        assert_eq!(meter.connects_refused(), 2 + 2 * 3 + 1);
    }

    #[test]
    fn the_first_refusal_is_told_with_what_would_grant_it() {
        let (outbound, meter, recorder) = guest("127.0.0.1:80");
        assert!(!outbound.allows_name(&"Example.com".parse().unwrap()));
        for _ in 0..1000 {
            assert!(
                !outbound
                    .0
                    .allows("10.0.0.1:80".parse().unwrap(), SocketAddrUse::TcpConnect)
            );
        }
        assert_eq!(meter.connects_refused(), 1001);
        let told = recorder.0.lock().unwrap();
        assert_eq!(told.len(), 1);
        let ConnectRefused {
            connection,
            wanted,
            grant,
        } = &told[0];
        assert_eq!(
            (*connection, wanted.to_string().as_str()),
            (Some(7), "look up example.com")
        );
        assert_eq!(grant.as_ref().unwrap().to_string(), "example.com:*");
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_holds_its_place_until_nothing_of_it_is_left() {
        let (outbound, ..) = guest("127.0.0.1:80");
        let [one, two] = [outbound.socket().await, outbound.socket().await];
        let copy = one.clone();
        assert!(one.is_some() && two.is_some() && outbound.socket().await.is_none());
        drop(one);
        assert!(outbound.socket().await.is_none());
        let (three, ()) = tokio::join!(outbound.socket(), async {
            tokio::task::yield_now().await;
            drop(copy);
        });
        assert!(three.is_some(), "what is closed meanwhile makes room");
    }
}
