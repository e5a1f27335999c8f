//! kube-apiserver.

use std::ffi::OsString;
use std::path::Path;

use secrecy::SecretString;

use super::api::Api;
use super::launch::Listener;
use super::layout::Layout;
use super::{audit, etcd};
use crate::Error;
use crate::process::{Program, flag};

/// One API server on a store.
pub(crate) struct Apiserver<'a> {
    pub(crate) file: &'a Path,
    pub(crate) layout: &'a Layout,
    pub(crate) detached: bool,
    pub(crate) audit: bool,
    pub(crate) etcd_port: u16,
    pub(crate) token: &'a SecretString,
}

impl Apiserver<'_> {
    fn args(&self, [port]: [u16; 1]) -> Vec<OsString> {
        let mut args = vec![
            flag("etcd-servers", etcd::url(self.etcd_port)),
            flag("cert-dir", self.layout.apiserver_certificates()),
            flag("bind-address", "127.0.0.1"),
            flag("secure-port", port.to_string()),
            flag("advertise-address", "127.0.0.1"),
            // No Service of ours needs the endpoints of `kubernetes`, and a loopback address is refused there.
            flag("endpoint-reconciler-type", "none"),
            flag("service-account-issuer", "https://kubernetes.default.svc"),
            flag("service-account-key-file", self.layout.service_account_public_key()),
            flag("service-account-signing-key-file", self.layout.service_account_key()),
            flag("service-cluster-ip-range", "10.0.0.0/24"),
            flag("authorization-mode", "Node,RBAC"),
            flag("token-auth-file", self.layout.tokens()),
            // It would have every pod wait for a token controller's work; there are no pods that run here.
            flag("disable-admission-plugins", "ServiceAccount"),
            // Open watches are ended then. Without it the server waits a minute for them: 60.1 s against 1.2 s.
            flag("shutdown-watch-termination-grace-period", "1s"),
        ];
        if self.audit {
            args.extend(audit::flags(self.layout));
        }
        args
    }
}

/// Where the API server on this port is.
pub(crate) fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

/// The certificates that the API server wrote, which are their own CA.
pub(crate) fn read_ca(layout: &Layout) -> Result<String, Error> {
    let path = layout.ca_file();
    std::fs::read_to_string(&path).map_err(Error::io("read", &path))
}

impl Listener<1> for Apiserver<'_> {
    fn program(&self, ports: [u16; 1]) -> Program<'_> {
        Program {
            name: "kube-apiserver",
            file: self.file,
            args: self.args(ports),
            log: self.layout.log("kube-apiserver"),
            dir: self.layout.dir(),
            detached: self.detached,
        }
    }

    /// Only ours has a certificate of the CA in our folder. `/readyz` covers the bootstrap of RBAC, not that
    /// of namespaces, and the first thing a user does is to create an object in `default`.
    async fn ready(&self, [port]: [u16; 1]) -> Result<(), String> {
        let ca = read_ca(self.layout).map_err(|error| error.to_string())?;
        let api = Api::new(&url(port), &ca, self.token.clone()).map_err(|error| error.to_string())?;
        for path in ["/readyz", "/api/v1/namespaces/default"] {
            api.get(path).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
