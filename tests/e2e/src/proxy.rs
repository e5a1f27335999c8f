//! A line between the operator and a cluster that can be held or cut. What goes over it stays encrypted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes of the end of a handshake and a request that only asks for one object, at most: it has no body and no reason.
/// Its answer is handed on always.
const READ_MAX: usize = 300;

/// Largest piece that is handed on at once.
const PIECE: usize = 64 * 1024;

/// A request of this many bytes is a creation with user data, or another that is large by intent.
const LARGE_MIN: usize = 4000;

/// What becomes of a large request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Catch {
    /// It is handed on.
    Pass,
    /// The next one stays in the line.
    Next,
    /// One stays in the line, whoever sends others.
    Caught,
    /// That one is handed on, too.
    Released,
}

/// What becomes of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    /// They are handed on.
    Pass,
    /// Requests arrive, their answers stay in the line.
    Hold,
    /// Requests arrive, and the line is cut instead of the answer.
    Cut,
    /// All lines are cut, and new ones at once.
    Severed,
}

/// The line. It ends with the value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    answers: watch::Sender<Answers>,
    catch: watch::Sender<Catch>,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// A line to `HOST:PORT`, from a free port of this machine.
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn to(target: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the line")?;
        let address = listener.local_addr()?;
        let (answers, state) = watch::channel(Answers::Pass);
        let target: Arc<str> = target.into();
        let catch = watch::Sender::new(Catch::Pass);
        let catching = catch.clone();
        let connections = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (target, mut state, catch) = (Arc::clone(&target), state.clone(), catching.clone());
                tokio::spawn(async move {
                    let mut severed = state.clone();
                    tokio::select! {
                        _ = severed.wait_for(|now| *now == Answers::Severed) => {}
                        () = carry(client, &target, &mut state, &catch) => {}
                    }
                });
            }
        });
        Ok(Self { address, answers, catch, connections, task })
    }

    /// The cluster's URL by this line.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// How often it was connected to.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// From now on requests arrive and answers do not, but for those about one object, until [`Proxy::pass`].
    pub fn hold(&self) {
        self.answers.send_replace(Answers::Hold);
    }

    /// From now on requests arrive, and each connection ends instead of such an answer.
    pub fn cut(&self) {
        self.answers.send_replace(Answers::Cut);
    }

    /// The next large request stays in the line until [`Proxy::release`]; all others are handed on.
    pub fn catch(&self) {
        self.catch.send_replace(Catch::Next);
    }

    /// Waits until one is caught.
    ///
    /// # Errors
    /// After `limit`.
    pub async fn caught(&self, limit: Duration) -> Result<()> {
        let mut catch = self.catch.subscribe();
        let caught = catch.wait_for(|now| *now == Catch::Caught);
        tokio::time::timeout(limit, caught).await.context("no large request came")??;
        Ok(())
    }

    /// The one that was caught arrives.
    pub fn release(&self) {
        self.catch.send_replace(Catch::Released);
    }

    /// All connections end, and new ones as soon as they are made.
    pub fn sever(&self) {
        self.answers.send_replace(Answers::Severed);
    }

    /// All is handed on again.
    pub fn pass(&self) {
        self.answers.send_replace(Answers::Pass);
    }
}

/// Keeps a piece in the line, if it is of the request that is to be caught.
async fn stay(length: usize, catch: &watch::Sender<Catch>) {
    let is_next = |now: &mut Catch| {
        let caught = length >= LARGE_MIN && *now == Catch::Next;
        if caught {
            *now = Catch::Caught;
        }
        caught
    };
    if catch.send_if_modified(is_next) {
        let mut released = catch.subscribe();
        // The line itself may end first.
        let _ = released.wait_for(|now| *now == Catch::Released).await;
    }
}

/// One connection. Nobody is told of its failures: both ends see them.
async fn carry(
    client: TcpStream,
    target: &str,
    state: &mut watch::Receiver<Answers>,
    catch: &watch::Sender<Catch>,
) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    // What the server says first is its part of the handshake; what follows the client's reply is the answer.
    let (replied, mut reply) = watch::channel((false, 0));
    let requests = async {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from_client.read(&mut piece).await.unwrap_or(0);
            stay(length, catch).await;
            replied.send_modify(|(greeted, sent)| *sent += if *greeted { length } else { 0 });
            if length == 0 || to_server.write_all(&piece[..length]).await.is_err() {
                break;
            }
        }
        // The client is gone; the server learns it.
        let _ = to_server.shutdown().await;
        std::future::pending::<()>().await;
    };
    let answers = async {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from_server.read(&mut piece).await.unwrap_or(0);
            let sent = reply.borrow_and_update().1;
            if sent > READ_MAX {
                let Ok(now) = state.wait_for(|now| *now != Answers::Hold).await.map(|now| *now) else {
                    return;
                };
                if now == Answers::Cut {
                    return;
                }
            }
            replied.send_modify(|(greeted, _)| *greeted = true);
            if length == 0 || to_client.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
}
