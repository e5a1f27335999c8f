//! What is built: Go modules with their sums, embedded so that a built test program needs no checkout.

use std::path::PathBuf;

use super::{APISERVER, CONTROLLER_MANAGER, ETCD, KUBECTL};
use crate::Environment;
use crate::environment::is_executable;

/// The Kubernetes release that is built; `go/go.mod` requires it.
pub const KUBERNETES_VERSION: &str = "1.36.3";
/// The etcd release that is built: the one that Kubernetes' own go.mod names.
pub const ETCD_VERSION: &str = "3.6.8";
/// The helm release that is built; `helm/go.mod` requires it.
pub const HELM_VERSION: &str = "4.3.1";

/// A Go module of ours that pins programs of others.
#[derive(Debug)]
pub(super) struct Module {
    /// For messages: "the control plane (…)".
    pub(super) what: &'static str,
    /// Why it is built, for the waiting user.
    pub(super) why: &'static str,
    /// Folder of this kind in the cache.
    pub(super) kind: &'static str,
    /// Folder of these versions in it.
    pub(super) version: &'static str,
    pub(super) go_mod: &'static str,
    pub(super) go_sum: &'static str,
    /// `-X` settings: without them a program calls itself v0.0.0 and clients that compare versions misbehave.
    pub(super) link_settings: &'static str,
    pub(super) programs: &'static [Package],
}

/// A main package and the program that comes of it.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) path: &'static str,
    /// The name that `go build` gives: the last element of the path that is no version.
    pub(super) built_as: &'static str,
    /// The name that we give.
    pub(super) program: &'static str,
}

const GO_MOD: &str = include_str!("../../go/go.mod");
const GO_SUM: &str = include_str!("../../go/go.sum");
const KUBERNETES_SETTINGS: &str = "-X k8s.io/component-base/version.gitVersion=v1.36.3";
const WHY_ONCE: &str = "no registry offers these programs ready-made, so they are compiled once, \
     about 5 minutes on 2 cores; from then on they come from the cache";

const CONTROLLER_MANAGER_PACKAGE: Package = Package {
    path: "k8s.io/kubernetes/cmd/kube-controller-manager",
    built_as: CONTROLLER_MANAGER,
    program: CONTROLLER_MANAGER,
};

pub(super) const CONTROL_PLANE: Module = Module {
    what: "etcd 3.6.8 and Kubernetes 1.36.3 (kube-apiserver, kube-controller-manager, kubectl)",
    why: WHY_ONCE,
    kind: "control-plane",
    version: "1.36.3-3.6.8",
    go_mod: GO_MOD,
    go_sum: GO_SUM,
    link_settings: KUBERNETES_SETTINGS,
    programs: &[
        Package { path: "go.etcd.io/etcd/server/v3", built_as: "server", program: ETCD },
        Package { path: "k8s.io/kubernetes/cmd/kube-apiserver", built_as: APISERVER, program: APISERVER },
        CONTROLLER_MANAGER_PACKAGE,
        Package { path: "k8s.io/kubernetes/cmd/kubectl", built_as: KUBECTL, program: KUBECTL },
    ],
};

/// For users whose `KUBEBUILDER_ASSETS` has all but this one.
pub(super) const CONTROLLER_MANAGER_ALONE: Module = Module {
    what: "kube-controller-manager 1.36.3",
    why: "KUBEBUILDER_ASSETS and PATH have none, and without it no namespace is ever deleted; \
          compiled once, about 3 minutes on 2 cores",
    kind: "kube-controller-manager",
    version: KUBERNETES_VERSION,
    go_mod: GO_MOD,
    go_sum: GO_SUM,
    link_settings: KUBERNETES_SETTINGS,
    programs: &[CONTROLLER_MANAGER_PACKAGE],
};

pub(super) const HELM: Module = Module {
    what: "helm 4.3.1",
    why: "the operator's chart is rendered by it; compiled once, about 2 minutes on 2 cores",
    kind: "helm",
    version: HELM_VERSION,
    go_mod: include_str!("../../helm/go.mod"),
    go_sum: include_str!("../../helm/go.sum"),
    link_settings: "-X helm.sh/helm/v4/internal/version.version=v4.3.1",
    programs: &[Package { path: "helm.sh/helm/v4/cmd/helm", built_as: "helm", program: "helm" }],
};

impl Module {
    /// The folder of the finished programs, whether or not they are there.
    pub(super) fn folder(&self, environment: &Environment) -> PathBuf {
        environment.cache.join(self.kind).join(self.version)
    }

    /// The folder of the finished programs if all of them are there.
    pub(super) fn cached(&self, environment: &Environment) -> Option<PathBuf> {
        let folder = self.folder(environment);
        self.programs.iter().all(|package| is_executable(&folder.join(package.program))).then_some(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_the_one_that_go_mod_requires() {
        let required = |text: &str, module: &str, version: &str| {
            let line = format!("{module} v{version}");
            // Nothing here imports the package, so `go mod tidy` calls a tool's module indirect.
            text.lines().any(|have| {
                have.trim().trim_end_matches(" // indirect").trim_start_matches("require ") == line
            })
        };
        assert!(required(GO_MOD, "k8s.io/kubernetes", KUBERNETES_VERSION));
        assert!(required(GO_MOD, "go.etcd.io/etcd/server/v3", ETCD_VERSION));
        assert!(required(HELM.go_mod, "helm.sh/helm/v4", HELM_VERSION));
        assert_eq!(CONTROL_PLANE.version, format!("{KUBERNETES_VERSION}-{ETCD_VERSION}"));
        for module in [&CONTROL_PLANE, &CONTROLLER_MANAGER_ALONE] {
            assert!(
                module.what.contains(KUBERNETES_VERSION)
                    && module.link_settings.ends_with(KUBERNETES_VERSION)
            );
        }
        assert!(CONTROL_PLANE.what.contains(ETCD_VERSION));
        assert!(HELM.what.contains(HELM_VERSION) && HELM.link_settings.ends_with(HELM_VERSION));
    }

    #[test]
    fn every_program_is_a_tool_of_its_module() {
        for module in [&CONTROL_PLANE, &CONTROLLER_MANAGER_ALONE, &HELM] {
            for package in module.programs {
                assert!(
                    module.go_mod.lines().any(|line| line.trim().trim_start_matches("tool ") == package.path),
                    "{} is no tool of its go.mod",
                    package.path
                );
            }
        }
    }
}
