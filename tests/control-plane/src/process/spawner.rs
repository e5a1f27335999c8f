//! One thread that starts every process and never ends before this process does.
//!
//! `PR_SET_PDEATHSIG` fires when the *thread* that forked ends, not the process (prctl(2)). A test's thread
//! or an idle worker of a runtime ends long before a control plane shared by many tests should.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Orders that may wait; a caller beyond them blocks for the milliseconds that a fork takes.
const QUEUE: usize = 16;

struct Order {
    command: Command,
    answer: SyncSender<io::Result<Child>>,
}

static SPAWNER: OnceLock<SyncSender<Order>> = OnceLock::new();

/// Starts `command` from the thread that lives as long as this process.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts processes could not be started");
    let (answer, result) = sync_channel(1);
    let spawner = SPAWNER.get_or_init(start);
    spawner.send(Order { command, answer }).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}

fn start() -> SyncSender<Order> {
    let (sender, orders) = sync_channel(QUEUE);
    // If the system refuses a thread, `orders` is dropped and every later `send` reports it.
    let _ = std::thread::Builder::new().name("spawner".to_owned()).spawn(move || serve(&orders));
    sender
}

fn serve(orders: &Receiver<Order>) {
    while let Ok(mut order) = orders.recv() {
        // Whoever ordered and left: the child would have no owner, so it goes too.
        if let Err(unwanted) = order.answer.send(order.command.spawn())
            && let Ok(mut child) = unwanted.0
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
