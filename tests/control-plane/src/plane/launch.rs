//! Starting programs one after the other: ports, records, readiness.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use super::layout::Layout;
use super::state::State;
use crate::Error;
use crate::process::{Daemon, Program};

/// How often a port may be taken by another program between our look and our start.
const PORT_ATTEMPTS: usize = 5;

/// Readiness takes 2.4 s on an idle machine; a machine that also compiles takes many times that.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// One question "are you ready?".
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// How often the question is put.
const PROBE_PERIOD: Duration = Duration::from_millis(50);

/// A program that listens on `N` ports and can be asked whether it is ready.
pub(crate) trait Listener<const N: usize> {
    /// How to run it on these ports.
    fn program(&self, ports: [u16; N]) -> Program<'_>;
    /// `Err` says what is still missing. Another program on the same port must not pass for this one.
    async fn ready(&self, ports: [u16; N]) -> Result<(), String>;
}

/// What was started so far. Dropping it before [`Launch::finish`] kills all of it.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    layout: &'a Layout,
    pub(crate) state: State,
    daemons: Vec<Daemon>,
}

impl<'a> Launch<'a> {
    pub(crate) fn new(layout: &'a Layout, kubectl: &Path, audit: bool) -> Self {
        let state = State {
            server: None,
            kubectl: kubectl.to_path_buf(),
            audit,
            complete: false,
            processes: Vec::new(),
        };
        Self { layout, state, daemons: Vec::new() }
    }

    /// Starts a listener on free ports and waits until it is ready; other ports if those were taken.
    pub(crate) async fn listen<const N: usize>(
        &mut self,
        listener: &impl Listener<N>,
    ) -> Result<[u16; N], Error> {
        let mut attempt = 1;
        loop {
            let ports = free_ports()?;
            let mut daemon = Daemon::start(&listener.program(ports))?;
            self.record(&daemon)?;
            match until_ready(&mut daemon, listener, ports).await {
                Ok(()) => {
                    self.daemons.push(daemon);
                    return Ok(ports);
                }
                Err(error) if attempt < PORT_ATTEMPTS && is_port_conflict(&error) => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts a program that listens nowhere.
    pub(crate) fn run(&mut self, program: &Program<'_>) -> Result<(), Error> {
        let daemon = Daemon::start(program)?;
        self.record(&daemon)?;
        self.daemons.push(daemon);
        Ok(())
    }

    /// All runs: the record says so, and detached programs may now outlive this process.
    pub(crate) fn finish(mut self, detached: bool) -> Result<(State, Vec<Daemon>), Error> {
        self.state.complete = true;
        self.state.write(self.layout)?;
        if detached {
            self.daemons.iter_mut().for_each(Daemon::release);
        }
        Ok((self.state, self.daemons))
    }

    fn record(&mut self, daemon: &Daemon) -> Result<(), Error> {
        self.state.add(daemon);
        self.state.write(self.layout)
    }
}

async fn until_ready<const N: usize>(
    daemon: &mut Daemon,
    listener: &impl Listener<N>,
    ports: [u16; N],
) -> Result<(), Error> {
    let deadline = Instant::now() + READY_LIMIT;
    loop {
        daemon.check()?;
        let missing = match tokio::time::timeout(PROBE_LIMIT, listener.ready(ports)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(missing)) => missing,
            Err(_) => "no answer".to_owned(),
        };
        if Instant::now() >= deadline {
            let what = format!("{} being ready", daemon.name);
            let last = format!("{missing}; the end of its log:\n{}", daemon.log_tail());
            return Err(Error::Timeout { what, after: READY_LIMIT, last });
        }
        tokio::time::sleep(PROBE_PERIOD).await;
    }
}

/// Ports that are free now; all are held until all are known, so that they differ.
fn free_ports<const N: usize>() -> Result<[u16; N], Error> {
    let port = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        Ok::<_, std::io::Error>((listener, port))
    };
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for slot in &mut ports {
        let (listener, port) = port().map_err(Error::io("bind a port of", Path::new("127.0.0.1")))?;
        held.push(listener);
        *slot = port;
    }
    Ok(ports)
}

/// Both etcd and kube-apiserver end with Go's text for EADDRINUSE.
fn is_port_conflict(error: &Error) -> bool {
    matches!(error, Error::Exited { tail, .. } if tail.contains("address already in use"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    /// Ends as a server does whose port was taken, until the file exists; then it "listens".
    struct Unlucky {
        layout: Layout,
    }

    impl Listener<1> for Unlucky {
        fn program(&self, _ports: [u16; 1]) -> Program<'_> {
            let script = "test -e tried && exec sleep 1000; touch tried; \
                          echo 'listen tcp 127.0.0.1:1: bind: address already in use' >&2; exit 1";
            Program {
                name: "etcd",
                file: Path::new("/bin/sh"),
                args: vec!["-c".into(), script.into()],
                log: self.layout.log("etcd"),
                dir: self.layout.dir(),
                detached: false,
            }
        }

        /// Ready only in the second life: `sleep` has taken the place of the shell.
        async fn ready(&self, _ports: [u16; 1]) -> Result<(), String> {
            let marked = crate::process::marked(self.layout.dir());
            let comm = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let sleeps = marked.iter().any(|identity| comm(identity.pid).trim() == "sleep");
            if sleeps { Ok(()) } else { Err("it does not sleep yet".to_owned()) }
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_tried_again_with_another() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::create(dir.path()).unwrap();
        let unlucky = Unlucky { layout: layout.clone() };
        let mut launch = Launch::new(&layout, Path::new("kubectl"), false);
        launch.listen(&unlucky).await.unwrap();
        assert_eq!(launch.state.processes.len(), 2);
        assert!(files::tail(&layout.log("etcd")).contains("address already in use"));
        drop(launch);
        assert!(crate::process::marked(layout.dir()).is_empty());
    }

    #[test]
    fn ports_of_one_program_differ() {
        let ports: [u16; 8] = free_ports().unwrap();
        let distinct: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(distinct.len(), ports.len());
    }
}
