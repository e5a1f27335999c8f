//! The control plane behaves as a cluster does. One control plane serves all tests of this program.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use cyclades_control_plane::{ControlPlane, Options};
use support::{binaries, eventually, kubectl, kubectl_as};
use tokio::sync::OnceCell;

static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();

/// A static is never dropped: the programs end with this process, the folder is emptied by the next run.
async fn shared() -> &'static ControlPlane {
    let start = async || {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("behaviour");
        ControlPlane::down(&dir).await.expect("remains of an earlier run can be removed");
        let options = Options { audit: true, ..Options::in_dir(dir) };
        ControlPlane::start(&binaries().await, options).await.expect("a control plane starts")
    };
    SHARED.get_or_init(start).await
}

async fn namespace(name: &str) -> &'static ControlPlane {
    let control_plane = shared().await;
    kubectl(control_plane, &["create", "namespace", name], "").await.expect_ok();
    control_plane
}

const LOCKS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: locks.test.cyclades.io}
spec:
  group: test.cyclades.io
  scope: Namespaced
  names: {plural: locks, singular: lock, kind: Lock}
  versions:
  - name: v1
    served: true
    storage: true
    selectableFields: [{jsonPath: .spec.owner}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {owner: {type: string, maxLength: 20}}
            x-kubernetes-validations:
            - rule: "!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)"
              message: owner is set once; delete the lock to change it
"#;

fn lock(owner: &str) -> String {
    format!(
        "{{apiVersion: test.cyclades.io/v1, kind: Lock, metadata: {{name: l}}, spec: {{owner: {owner}}}}}"
    )
}

#[tokio::test]
async fn a_cel_rule_refuses_with_its_own_message() {
    let control_plane = namespace("cel").await;
    kubectl(control_plane, &["apply", "-f", "-"], LOCKS).await.expect_ok();
    let established = ["wait", "--for=condition=Established", "--timeout=60s", "crd/locks.test.cyclades.io"];
    kubectl(control_plane, &established, "").await.expect_ok();
    eventually("the new kind takes objects", async || {
        kubectl(control_plane, &["-n", "cel", "apply", "-f", "-"], &lock("ann")).await.ok
    })
    .await;
    let refused =
        kubectl(control_plane, &["-n", "cel", "apply", "-f", "-"], &lock("bob")).await.expect_refused();
    assert!(refused.contains("owner is set once; delete the lock to change it"), "{refused}");

    let select = ["-n", "cel", "get", "locks", "--field-selector=spec.owner=ann", "-o", "name"];
    assert_eq!(kubectl(control_plane, &select, "").await.expect_ok(), "lock.test.cyclades.io/l\n");
}

#[tokio::test]
async fn a_deleted_namespace_goes_with_its_content() {
    let control_plane = namespace("doomed").await;
    kubectl(control_plane, &["-n", "doomed", "create", "configmap", "c"], "").await.expect_ok();
    kubectl(control_plane, &["delete", "namespace", "doomed", "--timeout=50s"], "").await.expect_ok();
    let gone = kubectl(control_plane, &["get", "namespace", "doomed"], "").await.expect_refused();
    assert!(gone.contains("NotFound"), "{gone}");
}

#[tokio::test]
async fn dependents_are_collected_after_their_owner() {
    let control_plane = namespace("family").await;
    let create = ["-n", "family", "create", "configmap", "parent", "-o", "jsonpath={.metadata.uid}"];
    let uid = kubectl(control_plane, &create, "").await.expect_ok();
    let child = format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: child, ownerReferences: \
         [{{apiVersion: v1, kind: ConfigMap, name: parent, uid: {uid}}}]}}}}"
    );
    kubectl(control_plane, &["-n", "family", "create", "-f", "-"], &child).await.expect_ok();
    kubectl(control_plane, &["-n", "family", "delete", "configmap", "parent"], "").await.expect_ok();
    eventually("the child is collected", async || {
        let get = ["-n", "family", "get", "configmap", "child", "--ignore-not-found"];
        kubectl(control_plane, &get, "").await.expect_ok().is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_service_account_does_what_its_role_grants_and_the_audit_log_tells() {
    let control_plane = namespace("robots").await;
    let admin = async |args: &[&str]| kubectl(control_plane, args, "").await.expect_ok();
    admin(&["-n", "robots", "create", "serviceaccount", "r2"]).await;
    admin(&["-n", "robots", "create", "role", "reader", "--verb=list", "--resource=secrets"]).await;
    admin(&["-n", "robots", "create", "rolebinding", "r", "--role=reader", "--serviceaccount=robots:r2"])
        .await;
    let hour = Duration::from_secs(3600);
    let config = control_plane.kubeconfig_for_service_account("robots", "r2", hour).await.unwrap();
    assert_eq!(config.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    kubectl_as(control_plane, &config, &["get", "secrets"]).await.expect_ok();
    let refused = kubectl_as(control_plane, &config, &["delete", "secret", "s"]).await.expect_refused();
    assert!(refused.contains("cannot delete resource \"secrets\""), "{refused}");

    let events = control_plane.audit_events().await.unwrap();
    let seen: Vec<_> = events
        .iter()
        .filter(|event| event.user == "system:serviceaccount:robots:r2")
        .map(|event| (event.verb.as_str(), event.resource.as_str(), event.namespace.as_str(), event.code))
        .collect();
    assert_eq!(seen, [("list", "secrets", "robots", 200), ("delete", "secrets", "robots", 403)]);
}

#[tokio::test]
async fn a_service_account_that_does_not_exist_has_no_kubeconfig() {
    let control_plane = shared().await;
    let hour = Duration::from_secs(3600);
    let error = control_plane.kubeconfig_for_service_account("default", "nobody", hour).await.unwrap_err();
    assert!(error.to_string().contains("serviceaccounts \"nobody\" not found"), "{error}");
}

#[tokio::test]
async fn writes_are_counted_at_the_api_server() {
    let control_plane = namespace("counted").await;
    let key = ("POST".to_owned(), "limitranges".to_owned());
    let count = async || control_plane.request_counts().await.unwrap().get(&key).copied().unwrap_or(0);
    let before = count().await;
    for name in ["a", "b"] {
        let object =
            format!("{{apiVersion: v1, kind: LimitRange, metadata: {{name: {name}}}, spec: {{limits: []}}}}");
        kubectl(control_plane, &["-n", "counted", "create", "-f", "-"], &object).await.expect_ok();
    }
    let dry = "{apiVersion: v1, kind: LimitRange, metadata: {name: c}, spec: {limits: []}}";
    kubectl(control_plane, &["-n", "counted", "create", "--dry-run=server", "-f", "-"], dry)
        .await
        .expect_ok();
    assert_eq!(count().await - before, 2);
}

#[tokio::test]
async fn a_list_can_be_streamed() {
    let control_plane = shared().await;
    let path = "/api/v1/namespaces?watch=true&sendInitialEvents=true&allowWatchBookmarks=true\
                &resourceVersionMatch=NotOlderThan&timeoutSeconds=1";
    let stream = kubectl(control_plane, &["get", "--raw", path], "").await.expect_ok();
    assert!(
        stream.contains("\"type\":\"ADDED\"") && stream.contains("k8s.io/initial-events-end"),
        "{stream}"
    );
}

const POLICY: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: pin}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations:
  - expression: >-
      !object.metadata.name.startsWith('pinned')
      || authorizer.group('test.cyclades.io').resource('pins').namespace(request.namespace).check('pin').allowed()
    message: you may not pin
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: pin}
spec:
  policyName: pin
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: pins}}}
"#;

#[tokio::test]
async fn an_admission_policy_asks_the_authorizer() {
    let control_plane = namespace("pins").await;
    let admin = async |args: &[&str]| kubectl(control_plane, args, "").await.expect_ok();
    admin(&["-n", "pins", "create", "serviceaccount", "ed"]).await;
    admin(&["-n", "pins", "create", "role", "ed", "--verb=create", "--resource=configmaps"]).await;
    admin(&["-n", "pins", "create", "rolebinding", "ed", "--role=ed", "--serviceaccount=pins:ed"]).await;
    kubectl(control_plane, &["apply", "-f", "-"], POLICY).await.expect_ok();
    let hour = Duration::from_secs(3600);
    let config = control_plane.kubeconfig_for_service_account("pins", "ed", hour).await.unwrap();
    let mut attempt = 0;
    eventually("the policy is enforced", async || {
        attempt += 1;
        let name = format!("pinned-{attempt}");
        let said = kubectl_as(control_plane, &config, &["create", "configmap", &name]).await;
        !said.ok && said.err.contains("you may not pin")
    })
    .await;
    kubectl_as(control_plane, &config, &["create", "configmap", "free"]).await.expect_ok();
    admin(&["-n", "pins", "create", "configmap", "pinned-by-admin"]).await;
}

#[tokio::test]
async fn the_administrators_kubeconfig_is_private_and_kubectl_is_of_the_release() {
    let control_plane = shared().await;
    let mode = control_plane.admin_kubeconfig().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(control_plane.ca_pem().contains("BEGIN CERTIFICATE"));
    let version = kubectl(control_plane, &["version"], "").await.expect_ok();
    let versions: Vec<_> = version.lines().filter_map(|line| line.split_once("Version: v")).collect();
    let of = |name: &str| versions.iter().find(|(key, _)| key.starts_with(name)).map(|(_, v)| *v);
    assert!(of("Server").is_some_and(|server| !server.starts_with("0.")), "{version}");
    let debug = format!("{control_plane:?}");
    let tokens = std::fs::read_to_string(control_plane.dir().join("tokens.csv")).unwrap();
    let token = tokens.split(',').next().unwrap();
    assert!(!debug.contains(token), "the administrator's token shows in Debug");
}
