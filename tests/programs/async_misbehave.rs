//! Misbehaves in the way that the first line of its peer names. The host must end it as it would end a blocking handler, and
//! keep those of others going.
//!
//! `later` before one of `exit`, `grow`, `panic`, `spin` and `trap` does the same in a task, after `handle` has returned.

use std::hint::black_box;
use std::mem::forget;
use std::time::Duration;

use socketserver_guest::asynchronous::raw::{
    AsyncStreamHandler, Bytes, ConnectionInfo, End, ErrorCode, FutureWriter, StreamResult, StreamWriter, spawn,
    wit_future, wit_stream,
};
use socketserver_guest::asynchronous::sleep;

struct Misbehave;

impl AsyncStreamHandler for Misbehave {
    async fn handle(_: ConnectionInfo, mut received: Bytes, received_end: End) -> Result<(Bytes, End), String> {
        let line = line(&mut received).await;
        match line.as_str() {
            "after-return" => Ok(answer(after_return)),
            "drop-received" => {
                drop((received, received_end));
                Ok(answer(drop_received))
            }
            "early-end" => Ok(answer(|sent| early_end(received, sent))),
            // Every handle is kept, and no task is left that would use one.
            "leak" => {
                let (sent, stream, told, end) = open();
                forget((received, received_end, sent, told));
                Ok((stream, end))
            }
            "never-read" => Ok(answer(|sent| never_read(received, sent))),
            "never-return" => rest().await,
            // What it sends has ended, and nothing tells how.
            "never-tell" => {
                let (_, stream, told, end) = open();
                forget(told);
                Ok((stream, end))
            }
            "streams" => loop {
                forget(black_box(open()));
            },
            "write-forever" => Ok(answer(write_forever)),
            other => match other.split_once(' ') {
                Some(("end-error", words)) => {
                    let words = words.to_owned();
                    Ok(answer(|_| async { Err(words) }))
                }
                Some(("error", words)) => Err(words.to_owned()),
                Some(("later", fault)) => {
                    let fault = fault.to_owned();
                    Ok(answer(|_| async move { commit(&fault) }))
                }
                _ => commit(other).map(|()| answer(|_| async { Ok(()) })),
            },
        }
    }
}

/// The faults that do not need to wait.
#[expect(clippy::exit, reason = "one of them")]
fn commit(fault: &str) -> Result<(), String> {
    match fault {
        "exit" => std::process::exit(1),
        "grow" => {
            let mut blocks = Vec::new();
            loop {
                blocks.push(black_box(vec![0xa5_u8; 1 << 20]));
            }
        }
        "panic" => panic!("asked to"),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "trap" => core::arch::wasm32::unreachable(),
        other => Err(format!("there is no fault `{other}`")),
    }
}

/// Computes for a while, and answers then.
async fn after_return(mut sent: StreamWriter<u8>) -> Result<(), String> {
    let sum = (0..10_000_000_u64).fold(0, |sum, number| black_box(sum + number));
    sent.write_all(format!("computed {sum}\n").into_bytes()).await;
    Ok(())
}

async fn drop_received(mut sent: StreamWriter<u8>) -> Result<(), String> {
    sent.write_all(b"dropped\n".to_vec()).await;
    Ok(())
}

/// Ends what it sends, goes on reading, and writes to the log how much that was.
async fn early_end(mut received: Bytes, mut sent: StreamWriter<u8>) -> Result<(), String> {
    sent.write_all(b"ended\n".to_vec()).await;
    drop(sent);
    let mut read = 0;
    let mut buffer = Vec::with_capacity(65_536);
    loop {
        let (result, filled) = received.read(buffer).await;
        read += filled.len();
        buffer = filled;
        buffer.clear();
        if result == StreamResult::Dropped {
            break;
        }
    }
    #[expect(clippy::print_stdout, reason = "its peer cannot be told any more")]
    {
        println!("read {read} bytes after its end");
    }
    Ok(())
}

async fn never_read(_received: Bytes, mut sent: StreamWriter<u8>) -> Result<(), String> {
    sent.write_all(b"not reading\n".to_vec()).await;
    rest().await
}

/// Until nobody takes it any more.
async fn write_forever(mut sent: StreamWriter<u8>) -> Result<(), String> {
    while sent.write_all(vec![b'x'; 65_536]).await.is_empty() {}
    Ok(())
}

/// Waits for ever, for something that the host knows of: a future that nothing can wake would panic.
async fn rest<T>() -> T {
    loop {
        sleep(Duration::from_hours(1)).await;
    }
}

type Told = FutureWriter<Result<(), ErrorCode>>;

fn open() -> (StreamWriter<u8>, Bytes, Told, End) {
    let (sent, stream) = wit_stream::new();
    let (told, end) = wit_future::new(|| Ok(()));
    (sent, stream, told, end)
}

/// Returns a stream at once, and what `task` makes of it later.
fn answer<F>(task: impl FnOnce(StreamWriter<u8>) -> F) -> (Bytes, End)
where
    F: Future<Output = Result<(), String>> + 'static,
{
    let (sent, stream, told, end) = open();
    let task = task(sent);
    spawn(async move {
        let result = task.await.map_err(|words| ErrorCode::Other(Some(words)));
        // A host that has dropped its end does not want to know.
        let _ = told.write(result).await;
    });
    (stream, end)
}

/// One byte at a time, so that none of what follows is taken.
async fn line(received: &mut Bytes) -> String {
    let mut line = String::new();
    while let Some(byte) = received.next().await
        && byte != b'\n'
    {
        line.push(char::from(byte));
    }
    line
}

socketserver_guest::export_async_raw!(Misbehave);
