//! kube-controller-manager: namespace deletion, garbage collection, ServiceAccounts, policy status.

use std::path::Path;

use super::layout::Layout;
use crate::process::{Program, flag};

/// What a cluster without nodes needs: the rest would only cost memory.
const CONTROLLERS: &str = "namespace-controller,garbage-collector-controller,serviceaccount-controller,\
serviceaccount-token-controller,root-ca-certificate-publisher-controller,\
clusterrole-aggregation-controller,validatingadmissionpolicy-status-controller";

/// How to run it; it serves nothing, so there is nothing to ask whether it is ready.
pub(crate) fn program<'a>(file: &'a Path, layout: &'a Layout, detached: bool) -> Program<'a> {
    let kubeconfig = layout.admin_kubeconfig();
    Program {
        name: "kube-controller-manager",
        file,
        args: vec![
            flag("kubeconfig", &kubeconfig),
            flag("authentication-kubeconfig", &kubeconfig),
            flag("authorization-kubeconfig", &kubeconfig),
            flag("service-account-private-key-file", layout.service_account_key()),
            flag("leader-elect", "false"),
            flag("secure-port", "0"),
            flag("cert-dir", layout.controller_manager_certificates()),
            flag("controllers", CONTROLLERS),
        ],
        log: layout.log("kube-controller-manager"),
        dir: layout.dir(),
        detached,
    }
}
