//! Where things are kept that are costly to fetch and the same for every cluster.

use std::path::PathBuf;

/// `${CYCLADES_CACHE:-${XDG_CACHE_HOME:-~/.cache}/cyclades}/ganeti-lab`.
pub(crate) fn directory() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("CYCLADES_CACHE")
        .or_else(|| Some(of("XDG_CACHE_HOME")?.join("cyclades")))
        .or_else(|| Some(of("HOME")?.join(".cache/cyclades")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/cyclades"))
        .join("ganeti-lab")
}
