//! Where the programs come from, with a `go` of our own making: the real build takes minutes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use cyclades_control_plane::{Binaries, Environment, Progress, ensure_helm_in, progress};

const PROGRAMS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"];

/// Answers as Go does; `build` leaves files of the names that Go would give.
const GO: &str = r#"
echo "$1" >> "${0%/*}/calls"
case $1 in
  env) echo go1.26.0 ;;
  list) echo "go: downloading k8s.io/api v0.36.3" >&2; printf 'a\nb\n' ;;
  build)
    grep -q '^module' go.mod && test -s go.sum || exit 1
    echo a >&2; shift; while [ "$1" != out/ ]; do shift; done; shift
    for package; do
      name=${package##*/}; [ "$name" = v3 ] && name=server
      echo '#!/bin/sh' > "out/$name" && chmod +x "out/$name"
    done ;;
esac
"#;

struct Bed {
    temp: tempfile::TempDir,
    environment: Environment,
}

impl Bed {
    /// An empty cache and a `PATH` with these programs only.
    fn new(programs: &[(&str, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let bin = temp.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        for (name, script) in programs {
            executable(&bin.join(name), script);
        }
        let cache = temp.path().join("cache");
        Self { temp, environment: Environment { assets: None, helm: None, path: bin.into(), cache } }
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.temp.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn calls(&self, verb: &str) -> usize {
        let calls = std::fs::read_to_string(self.temp.path().join("bin/calls")).unwrap_or_default();
        calls.lines().filter(|line| *line == verb).count()
    }

    async fn ensure(&self) -> Result<Binaries, String> {
        Binaries::ensure_in(&self.environment, &progress::Silent).await.map_err(|error| error.to_string())
    }
}

fn executable(file: &Path, script: &str) {
    std::fs::write(file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn step(&self, what: &str, why: &str) {
        self.0.lock().unwrap().push(format!("{what}|{why}"));
    }

    fn line(&self, _text: &str) {}
}

#[tokio::test]
async fn they_are_built_once_and_then_cached() {
    let bed = Bed::new(&[("go", GO)]);
    let told = Told::default();
    let built = Binaries::ensure_in(&bed.environment, &told).await.unwrap();
    let shelf = bed.environment.cache.join("control-plane");
    assert_eq!(built.etcd, shelf.join("1.36.3-3.6.8/etcd"));
    for program in PROGRAMS {
        assert!(shelf.join("1.36.3-3.6.8").join(program).is_file(), "{program} is missing");
    }
    assert!(!shelf.join(".build-1.36.3-3.6.8").exists(), "the build cache is 4 GiB and must go");
    let told = told.0.into_inner().unwrap();
    assert!(told[0].starts_with("building etcd 3.6.8 and Kubernetes 1.36.3"), "{told:?}");
    assert!(told[0].contains("compiled once"), "{told:?}");

    assert_eq!(bed.ensure().await.unwrap(), built);
    assert_eq!(bed.calls("build"), 1);
}

#[tokio::test]
async fn two_at_once_build_once() {
    let bed = Bed::new(&[("go", GO)]);
    let (a, b) = tokio::join!(bed.ensure(), bed.ensure());
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(bed.calls("build"), 1);
}

#[tokio::test]
async fn a_failed_build_shows_gos_words_and_leaves_no_cache() {
    let failing =
        GO.replace("for package; do", "echo 'x.go:1: no space left on device' >&2; exit 1; for package; do");
    let bed = Bed::new(&[("go", &failing)]);
    let error = bed.ensure().await.unwrap_err();
    assert!(error.contains("go build failed") && error.contains("no space left on device"), "{error}");
    assert!(!bed.environment.cache.join("control-plane/1.36.3-3.6.8").exists());
    // The cause is cured: the same folder builds.
    executable(&bed.temp.path().join("bin/go"), GO);
    bed.ensure().await.unwrap();
}

#[tokio::test]
async fn without_go_the_error_names_both_cures() {
    for programs in [&[][..], &[("go", "echo go1.19.8")][..]] {
        let error = Bed::new(programs).ensure().await.unwrap_err();
        for words in ["Go 1.26 or newer", "put such a Go on PATH", "python3-venv", "KUBEBUILDER_ASSETS"] {
            assert!(error.contains(words), "no {words:?} in: {error}");
        }
    }
}

#[tokio::test]
async fn kubebuilder_assets_come_first_and_lack_only_the_controller_manager() {
    let mut bed = Bed::new(&[("go", GO)]);
    let assets = bed.folder("assets");
    for program in ["etcd", "kube-apiserver", "kubectl"] {
        executable(&assets.join(program), "");
    }
    bed.environment.assets = Some(assets.clone());
    let built = bed.ensure().await.unwrap();
    assert_eq!(built.kube_apiserver, assets.join("kube-apiserver"));
    assert_eq!(
        built.kube_controller_manager,
        bed.environment.cache.join("kube-controller-manager/1.36.3/kube-controller-manager")
    );
    let on_path = bed.temp.path().join("bin/kube-controller-manager");
    executable(&on_path, "");
    assert_eq!(bed.ensure().await.unwrap().kube_controller_manager, on_path);
    assert_eq!(bed.calls("build"), 1);
}

#[tokio::test]
async fn incomplete_kubebuilder_assets_are_an_error() {
    let mut bed = Bed::new(&[("go", GO)]);
    let assets = bed.folder("assets");
    executable(&assets.join("etcd"), "");
    bed.environment.assets = Some(assets);
    let error = bed.ensure().await.unwrap_err();
    assert!(error.contains("has no program kube-apiserver; complete the folder, or unset"), "{error}");
}

#[tokio::test]
async fn helm_is_taken_where_it_is_recent_and_built_else() {
    let mut bed = Bed::new(&[("go", GO), ("helm", "echo v3.7.0")]);
    let ensure = async |bed: &Bed| ensure_helm_in(&bed.environment, &progress::Silent).await;
    assert_eq!(ensure(&bed).await.unwrap(), bed.environment.cache.join("helm/4.3.1/helm"));
    let on_path = bed.temp.path().join("bin/helm");
    executable(&on_path, "echo v3.19.4");
    assert_eq!(ensure(&bed).await.unwrap(), on_path);
    let named = bed.folder("named").join("helm");
    executable(&named, "echo v4.0.0");
    bed.environment.helm = Some(named.clone());
    assert_eq!(ensure(&bed).await.unwrap(), named);
    executable(&named, "echo v2.17.0");
    let error = ensure(&bed).await.unwrap_err().to_string();
    assert!(error.contains("name a helm of version 3.8 or newer"), "{error}");
}
