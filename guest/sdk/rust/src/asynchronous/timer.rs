//! Waiting for time to pass.
//!
//! By the clock of WASI 0.3, which waits as a task of the component: the sleep of the standard library would stop every
//! task of the handler.

#[cfg(target_family = "wasm")]
mod bindings;

use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};

use crate::error::ErrorCode;

/// Wait until `duration` has passed, while other tasks of the handler go on.
///
/// Natively the time is that of [`testing::block_on`](crate::testing::block_on), which passes at once.
///
/// # Cancel safety
///
/// Dropping the future ends the wait.
///
/// Python equivalent: `asyncio.sleep()`
pub async fn sleep(duration: Duration) {
    #[cfg(target_family = "wasm")]
    {
        // More than the clock can count is 584 years, which is as good as for ever.
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        bindings::wasi::clocks::monotonic_clock::wait_for(nanoseconds).await;
    }
    #[cfg(not(target_family = "wasm"))]
    crate::testing::clock::sleep(duration).await;
}

/// Wait for `future`, at most for `duration`.
///
/// A future that is ready at once is never too late, not even for [`Duration::ZERO`].
///
/// ```
/// use std::io::ErrorKind;
/// use std::time::Duration;
///
/// use socketserver_guest::asynchronous::{sleep, timeout};
/// use socketserver_guest::testing::block_on;
///
/// block_on(async {
///     let soon = timeout(Duration::from_secs(1), async { 7 }).await;
///     assert_eq!(soon.unwrap(), 7);
///
///     let late = timeout(Duration::from_secs(1), sleep(Duration::from_secs(2))).await;
///     assert_eq!(late.unwrap_err().kind(), ErrorKind::TimedOut);
/// });
/// ```
///
/// # Errors
///
/// [`TimedOut`](io::ErrorKind::TimedOut), after `future` was dropped. The methods of
/// [`Receiver`](super::Receiver) and [`Sender`](super::Sender) say what that means for them.
///
/// Python equivalent: `asyncio.wait_for()`
pub async fn timeout<F: Future>(duration: Duration, future: F) -> io::Result<F::Output> {
    match select(pin!(future), pin!(sleep(duration))).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err(ErrorCode::Timeout.into()),
    }
}
