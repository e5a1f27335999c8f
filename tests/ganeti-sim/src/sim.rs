//! A running simulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::certificate::Certificate;
use crate::options::{Options, Runtime};
use crate::shared::Shared;
use crate::users::{Access, Credentials, Users};
use crate::{Error, server};

/// Ganeti's own port for RAPI.
const RAPI_PORT: u16 = 5080;

/// A running simulator. It stops when this is dropped.
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
    driver: Driver,
}

enum Driver {
    Own(Option<tokio::runtime::Runtime>),
    Current(Vec<JoinHandle<()>>),
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Sim {
    /// Starts a cluster. When this returns, RAPI accepts connections.
    ///
    /// # Errors
    /// When the address is taken, no runtime can be had or no certificate be made.
    pub fn start(options: Options) -> Result<Self, Error> {
        let (listener, address) = server::bind(options.listen)?;
        let certificate = Certificate::generate(&options.name)?;
        let runtime = options.runtime;
        let own = match runtime {
            Runtime::Current => None,
            Runtime::Own { worker_threads } => Some(own_runtime(worker_threads)?),
        };
        let handle = match &own {
            Some(runtime) => runtime.handle().clone(),
            None => tokio::runtime::Handle::try_current().map_err(|_| Error::NoRuntime)?,
        };
        let shared = Arc::new(Shared::new(options, certificate, Users::initial()?));
        let queue = Arc::clone(&shared);
        let tasks = vec![
            handle.spawn(async move { queue.run_queue().await }),
            handle.spawn(server::serve(Arc::clone(&shared), listener, address)),
        ];
        let driver = match own {
            Some(runtime) => Driver::Own(Some(runtime)),
            None => Driver::Current(tasks),
        };
        Ok(Self { shared, address, driver })
    }

    /// Starts a cluster without a socket, driven by the current runtime: [`Sim::connect`] leads to its RAPI. Its URL is
    /// only a name; [`Options::listen`] and [`Options::runtime`] do not count.
    ///
    /// # Errors
    /// Outside of a runtime, or when no certificate can be made.
    pub fn within(options: Options) -> Result<Self, Error> {
        let handle = tokio::runtime::Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let certificate = Certificate::generate(&options.name)?;
        let shared = Arc::new(Shared::new(options, certificate, Users::initial()?));
        let queue = Arc::clone(&shared);
        let task = handle.spawn(async move { queue.run_queue().await });
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, RAPI_PORT));
        Ok(Self { shared, address, driver: Driver::Current(vec![task]) })
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where RAPI listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// RAPI's certificate.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.shared.certificate().pem.clone()
    }

    /// SHA-256 of the DER form of RAPI's certificate, in hexadecimal.
    #[must_use]
    pub fn certificate_sha256(&self) -> String {
        self.shared.certificate().sha256.clone()
    }

    /// The user `operator`, or whoever else may write.
    #[must_use]
    pub fn write_credentials(&self) -> Credentials {
        self.credentials(Access::Write)
    }

    /// The user `reader`, or whoever else may only read.
    #[must_use]
    pub fn read_credentials(&self) -> Credentials {
        self.credentials(Access::Read)
    }

    fn credentials(&self, access: Access) -> Credentials {
        let none = || Credentials { username: String::new(), password: String::new().into() };
        self.shared.users().with(access).cloned().unwrap_or_else(none)
    }

    /// The cluster's identity.
    #[must_use]
    pub fn uuid(&self) -> String {
        self.shared.state().cluster.uuid.clone()
    }

    /// Ends it: all connections close, no job goes on.
    pub fn stop(self) {
        drop(self);
    }
}

fn own_runtime(worker_threads: usize) -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads.max(1))
        .thread_name("ganeti-sim")
        .enable_all()
        .build()
        .map_err(Error::Runtime)
}

impl Drop for Sim {
    fn drop(&mut self) {
        match &mut self.driver {
            // Also within another runtime, where waiting for it would be forbidden.
            Driver::Own(runtime) => {
                if let Some(runtime) = runtime.take() {
                    runtime.shutdown_background();
                }
            }
            Driver::Current(tasks) => tasks.iter().for_each(JoinHandle::abort),
        }
    }
}
