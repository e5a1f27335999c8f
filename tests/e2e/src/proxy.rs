//! A line between the operator and a cluster that can be held or cut. What goes over it stays encrypted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// What becomes of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    /// They are handed on.
    Pass,
    /// Requests arrive, their answers stay in the line.
    Hold,
    /// Requests arrive, and the line is cut instead of the answer.
    Cut,
}

/// The line. It ends with the value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    answers: watch::Sender<Answers>,
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
        let connections = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (target, state) = (Arc::clone(&target), state.clone());
                tokio::spawn(async move { carry(client, &target, state).await });
            }
        });
        Ok(Self { address, answers, connections, task })
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

    /// All is handed on again.
    pub fn pass(&self) {
        self.answers.send_replace(Answers::Pass);
    }
}

/// One connection. Nobody is told of its failures: both ends see them.
async fn carry(client: TcpStream, target: &str, mut state: watch::Receiver<Answers>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    // What the server says first is its part of the handshake; what follows the client's reply is the answer.
    let (replied, mut reply) = watch::channel((false, 0));
    let requests = async {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from_client.read(&mut piece).await.unwrap_or(0);
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
