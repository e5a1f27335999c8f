//! One thread that starts every process and lives as long as this one.
//!
//! The kernel's "end with your parent" means the *thread* that forked (`PR_SET_PDEATHSIG` of prctl(2)). A test's
//! thread ends long before a bed that several tests share should.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Orders that may wait; a fork takes milliseconds.
const QUEUE: usize = 16;

struct Order {
    command: Command,
    answer: SyncSender<io::Result<Child>>,
}

static SPAWNER: OnceLock<SyncSender<Order>> = OnceLock::new();

/// Starts `command` from that thread.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts processes could not be started");
    let (answer, result) = sync_channel(1);
    SPAWNER.get_or_init(begin).send(Order { command, answer }).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}

fn begin() -> SyncSender<Order> {
    let (sender, orders) = sync_channel(QUEUE);
    // If the system refuses a thread, `orders` is dropped and every `send` says so.
    let _ = std::thread::Builder::new().name("bed-spawner".to_owned()).spawn(move || serve(&orders));
    sender
}

fn serve(orders: &Receiver<Order>) {
    while let Ok(mut order) = orders.recv() {
        // Nobody waits for the answer any more: the child would have no owner.
        if let Err(unwanted) = order.answer.send(order.command.spawn())
            && let Ok(mut child) = unwanted.0
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
