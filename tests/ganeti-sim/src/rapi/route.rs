//! Paths, methods and rights.

use crate::opcode::Kind;

/// Whose tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagTarget<'a> {
    Cluster,
    Instance(&'a str),
    Node(&'a str),
    Group(&'a str),
    Network(&'a str),
}

/// A resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Root,
    Version,
    Info,
    Features,
    Os,
    ClusterModify,
    RedistributeConfig,
    Tags(TagTarget<'a>),
    Instances,
    Instance(&'a str),
    InstanceInfo(&'a str),
    Console(&'a str),
    InstanceAction(&'a str, Kind),
    Grow(&'a str, u64),
    Jobs,
    Job(u64),
    JobWait(u64),
    Nodes,
    Node(&'a str),
    NodeRole(&'a str),
    NodeModify(&'a str),
    Groups,
    Group(&'a str),
    GroupAction(&'a str, Kind),
    Networks,
    Network(&'a str),
    NetworkAction(&'a str, Kind),
    Query(&'a str),
    QueryFields(&'a str),
    Filters,
    Filter(&'a str),
    /// Exists in Ganeti, but not here.
    NotSimulated,
}

/// The right that a method on a resource needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// The right to read or to write.
    Read,
    Write,
}

/// `[\w\._-]+`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "._-".contains(c))
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl<'a> Route<'a> {
    /// The resource at a path. Paths are taken as they are: nothing is decoded, no slash may trail.
    pub fn parse(path: &'a str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        match parts.as_slice() {
            [""] | ["2"] => Some(Self::Root),
            ["version"] => Some(Self::Version),
            ["2", rest @ ..] => Self::parse_second(rest),
            _ => None,
        }
    }

    fn parse_second(parts: &[&'a str]) -> Option<Self> {
        match parts {
            ["info"] => Some(Self::Info),
            ["features"] => Some(Self::Features),
            ["os"] => Some(Self::Os),
            ["modify"] => Some(Self::ClusterModify),
            ["redistribute-config"] => Some(Self::RedistributeConfig),
            ["tags"] => Some(Self::Tags(TagTarget::Cluster)),
            ["instances"] => Some(Self::Instances),
            ["instances-multi-alloc"] => Some(Self::NotSimulated),
            ["jobs"] => Some(Self::Jobs),
            ["jobs", id] => number(id).map(Self::Job),
            ["jobs", id, "wait"] => number(id).map(Self::JobWait),
            ["nodes"] => Some(Self::Nodes),
            ["groups"] => Some(Self::Groups),
            ["networks"] => Some(Self::Networks),
            ["filters"] => Some(Self::Filters),
            [kind, name, rest @ ..] if is_name(name) => Self::parse_named(kind, name, rest),
            _ => None,
        }
    }

    fn parse_named(kind: &str, name: &'a str, rest: &[&str]) -> Option<Self> {
        match (kind, rest) {
            ("instances", rest) => Self::parse_instance(name, rest),
            ("nodes", []) => Some(Self::Node(name)),
            ("nodes", ["role"]) => Some(Self::NodeRole(name)),
            ("nodes", ["modify"]) => Some(Self::NodeModify(name)),
            ("nodes", ["tags"]) => Some(Self::Tags(TagTarget::Node(name))),
            ("nodes", ["powercycle" | "evacuate" | "migrate" | "storage"])
            | ("nodes", ["storage", "modify" | "repair"]) => Some(Self::NotSimulated),
            ("groups", []) => Some(Self::Group(name)),
            ("groups", ["modify"]) => Some(Self::GroupAction(name, Kind::GroupSetParams)),
            ("groups", ["rename"]) => Some(Self::GroupAction(name, Kind::GroupRename)),
            ("groups", ["assign-nodes"]) => Some(Self::GroupAction(name, Kind::GroupAssignNodes)),
            ("groups", ["tags"]) => Some(Self::Tags(TagTarget::Group(name))),
            ("networks", []) => Some(Self::Network(name)),
            ("networks", ["connect"]) => Some(Self::NetworkAction(name, Kind::NetworkConnect)),
            ("networks", ["disconnect"]) => Some(Self::NetworkAction(name, Kind::NetworkDisconnect)),
            ("networks", ["modify"]) => Some(Self::NetworkAction(name, Kind::NetworkSetParams)),
            ("networks", ["tags"]) => Some(Self::Tags(TagTarget::Network(name))),
            ("query", []) => Some(Self::Query(name)),
            ("query", ["fields"]) => Some(Self::QueryFields(name)),
            ("filters", []) => Some(Self::Filter(name)),
            _ => None,
        }
    }

    fn parse_instance(name: &'a str, rest: &[&str]) -> Option<Self> {
        let kind = match rest {
            [] => return Some(Self::Instance(name)),
            ["info"] => return Some(Self::InstanceInfo(name)),
            ["console"] => return Some(Self::Console(name)),
            ["tags"] => return Some(Self::Tags(TagTarget::Instance(name))),
            ["disk", index, "grow"] => return number(index).map(|index| Self::Grow(name, index)),
            ["replace-disks" | "recreate-disks" | "prepare-export" | "export"] => {
                return Some(Self::NotSimulated);
            }
            ["reboot"] => Kind::InstanceReboot,
            ["reinstall"] => Kind::InstanceReinstall,
            ["shutdown"] => Kind::InstanceShutdown,
            ["startup"] => Kind::InstanceStartup,
            ["activate-disks"] => Kind::InstanceActivateDisks,
            ["deactivate-disks"] => Kind::InstanceDeactivateDisks,
            ["migrate"] => Kind::InstanceMigrate,
            ["failover"] => Kind::InstanceFailover,
            ["rename"] => Kind::InstanceRename,
            ["modify"] => Kind::InstanceSetParams,
            _ => return None,
        };
        Some(Self::InstanceAction(name, kind))
    }

    /// What a method needs; `None` if the resource does not have it.
    pub fn needs(&self, method: &str) -> Option<Needs> {
        let known = match self {
            Self::Root
            | Self::Version
            | Self::Info
            | Self::Features
            | Self::Os
            | Self::Jobs
            | Self::Nodes
            | Self::Node(_)
            | Self::QueryFields(_)
            | Self::InstanceInfo(_)
            | Self::Console(_)
            | Self::JobWait(_) => &["GET"][..],
            Self::ClusterModify
            | Self::RedistributeConfig
            | Self::NetworkAction(..)
            | Self::GroupAction(..) => &["PUT"],
            Self::Tags(_) | Self::Filter(_) => &["GET", "PUT", "DELETE"],
            Self::Instances | Self::Groups | Self::Networks | Self::Filters => &["GET", "POST"],
            Self::Instance(_) | Self::Job(_) | Self::Group(_) | Self::Network(_) => &["GET", "DELETE"],
            Self::InstanceAction(_, Kind::InstanceReboot | Kind::InstanceReinstall)
            | Self::Grow(..)
            | Self::NodeModify(_) => &["POST"],
            Self::InstanceAction(..) => &["PUT"],
            Self::NodeRole(_) | Self::Query(_) => &["GET", "PUT"],
            Self::NotSimulated => &["GET", "PUT", "POST", "DELETE"],
        };
        if !known.contains(&method) {
            return None;
        }
        Some(match (self, method) {
            (Self::Query(_) | Self::Console(_), _) => Needs::Read,
            (Self::JobWait(_), _) => Needs::Write,
            (_, "GET") => Needs::Nothing,
            _ => Needs::Write,
        })
    }

    /// The opcode that a method submits, if it is one alone.
    pub fn opcode(&self, method: &str) -> Option<Kind> {
        match (self, method) {
            (Self::Instances, "POST") => Some(Kind::InstanceCreate),
            (Self::Instance(_), "DELETE") => Some(Kind::InstanceRemove),
            (
                Self::InstanceAction(_, kind) | Self::GroupAction(_, kind) | Self::NetworkAction(_, kind),
                _,
            ) => Some(*kind),
            (Self::Grow(..), _) => Some(Kind::InstanceGrowDisk),
            (Self::InstanceInfo(_), _) => Some(Kind::InstanceQueryData),
            (Self::Tags(_), "PUT") => Some(Kind::TagsSet),
            (Self::Tags(_), "DELETE") => Some(Kind::TagsDel),
            (Self::Networks, "POST") => Some(Kind::NetworkAdd),
            (Self::Network(_), "DELETE") => Some(Kind::NetworkRemove),
            (Self::Groups, "POST") => Some(Kind::GroupAdd),
            (Self::Group(_), "DELETE") => Some(Kind::GroupRemove),
            (Self::NodeModify(_), _) | (Self::NodeRole(_), "PUT") => Some(Kind::NodeSetParams),
            (Self::ClusterModify, _) => Some(Kind::ClusterSetParams),
            (Self::RedistributeConfig, _) => Some(Kind::ClusterRedistConf),
            (Self::Os, _) => Some(Kind::OsDiagnose),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Needs, Route, TagTarget};

    #[test]
    fn paths_are_taken_as_they_are() {
        assert_eq!(Route::parse("/2/instances/web.example.com"), Some(Route::Instance("web.example.com")));
        assert_eq!(Route::parse("/2/instances/web%2e"), None);
        assert_eq!(Route::parse("/2/instances/"), None);
        assert_eq!(Route::parse("/2/info/"), None);
        assert_eq!(Route::parse("/3"), None);
        assert_eq!(Route::parse("/2"), Some(Route::Root));
        assert_eq!(Route::parse("/2/jobs/12/wait"), Some(Route::JobWait(12)));
        assert_eq!(Route::parse("/2/jobs/abc"), None);
        assert_eq!(Route::parse("/2/nodes/n1/tags"), Some(Route::Tags(TagTarget::Node("n1"))));
        let startup = Route::InstanceAction("a", Kind::InstanceStartup);
        assert_eq!(Route::parse("/2/instances/a/startup"), Some(startup));
    }

    #[test]
    fn rights_follow_the_method() {
        let needs = |path, method| Route::parse(path).unwrap().needs(method);
        assert_eq!(needs("/2/info", "GET"), Some(Needs::Nothing));
        assert_eq!(needs("/2/info", "POST"), None);
        assert_eq!(needs("/2/info", "PATCH"), None);
        assert_eq!(needs("/2/query/job", "PUT"), Some(Needs::Read));
        assert_eq!(needs("/2/jobs/1/wait", "GET"), Some(Needs::Write));
        assert_eq!(needs("/2/instances/a/reboot", "PUT"), None);
        assert_eq!(needs("/2/instances/a", "DELETE"), Some(Needs::Write));
    }
}
