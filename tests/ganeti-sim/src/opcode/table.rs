//! All opcodes that RAPI can submit, with the parameters of Ganeti 3.0.

use super::spec::{Check, Default, Kind, OpSpec, Param, flag, maybe, required, with};

const TEMPLATES: Check =
    Check::OneOf(&["blockdev", "diskless", "drbd", "ext", "file", "gluster", "plain", "rbd", "sharedfile"]);
const HYPERVISORS: Check = Check::OneOf(&["chroot", "fake", "kvm", "lxc", "xen-hvm", "xen-pvm"]);
const FILE_DRIVERS: Check = Check::OneOf(&["blktap", "blktap2", "loop"]);
const NIC_MODES: Check = Check::OneOf(&["bridged", "openvswitch", "pool", "routed"]);
const POLICIES: Check = Check::OneOf(&["last_resort", "preferred", "unallocable"]);
const TAG_KINDS: Check = Check::OneOf(&["cluster", "instance", "network", "node", "nodegroup"]);

/// Keys a NIC may have.
pub(super) const NIC_KEYS: &[&str] = &["bridge", "ip", "link", "mac", "mode", "name", "network", "vlan"];

const NAME: Param = required("instance_name", Check::Text);
const UUID: Param = maybe("instance_uuid", Check::NonEmpty);
const SHUTDOWN_TIMEOUT: Param = with("shutdown_timeout", Check::NonNegative, Default::Int(120));

macro_rules! ops {
    ($($kind:ident $id:literal $class:literal $summary:expr => [$($param:expr),* $(,)?];)*) => {
        /// The description of an opcode.
        pub(crate) fn spec_of(kind: Kind) -> &'static OpSpec {
            match kind {
                $(Kind::$kind => {
                    static SPEC: OpSpec = OpSpec {
                        kind: Kind::$kind, id: $id, class: $class, summary: $summary, params: &[$($param),*],
                    };
                    &SPEC
                })*
            }
        }
    };
}

ops! {
    ClusterRedistConf "OP_CLUSTER_REDIST_CONF" "OpClusterRedistConf" None => [];
    ClusterSetParams "OP_CLUSTER_SET_PARAMS" "OpClusterSetParams" None => [
        flag("force", false), maybe("hv_state", Check::Dict), maybe("disk_state", Check::Dict),
        maybe("vg_name", Check::Text), maybe("enabled_hypervisors", Check::Texts), maybe("hvparams", Check::Dict),
        maybe("beparams", Check::Dict), maybe("os_hvp", Check::Dict), maybe("osparams", Check::Dict),
        maybe("osparams_private_cluster", Check::Dict), maybe("diskparams", Check::Dict),
        maybe("candidate_pool_size", Check::Positive), maybe("max_running_jobs", Check::Positive),
        maybe("max_tracked_jobs", Check::Positive), maybe("uid_pool", Check::List), maybe("add_uids", Check::List),
        maybe("remove_uids", Check::List), maybe("maintain_node_health", Check::Bool),
        maybe("prealloc_wipe_disks", Check::Bool), maybe("nicparams", Check::Dict), maybe("ndparams", Check::Dict),
        maybe("ipolicy", Check::Dict), maybe("drbd_helper", Check::Text), maybe("default_iallocator", Check::Text),
        maybe("default_iallocator_params", Check::Dict), maybe("mac_prefix", Check::NonEmpty),
        maybe("master_netdev", Check::Text), maybe("master_netmask", Check::NonNegative),
        maybe("reserved_lvs", Check::NonEmptyTexts), maybe("hidden_os", Check::List),
        maybe("blacklisted_os", Check::List), maybe("use_external_mip_script", Check::Bool),
        maybe("enabled_disk_templates", Check::Texts), maybe("modify_etc_hosts", Check::Bool),
        maybe("file_storage_dir", Check::Text), maybe("shared_file_storage_dir", Check::Text),
        maybe("gluster_storage_dir", Check::Text), maybe("install_image", Check::Text),
        maybe("instance_communication_network", Check::Text), maybe("zeroing_image", Check::Text),
        maybe("compression_tools", Check::NonEmptyTexts), maybe("enabled_user_shutdown", Check::Bool),
        maybe("enabled_data_collectors", Check::Dict), maybe("data_collector_interval", Check::Dict),
    ];
    GroupAdd "OP_GROUP_ADD" "OpGroupAdd" Some("group_name") => [
        required("group_name", Check::NonEmpty), maybe("alloc_policy", POLICIES), maybe("ndparams", Check::Dict),
        maybe("diskparams", Check::Dict), maybe("hv_state", Check::Dict), maybe("disk_state", Check::Dict),
        maybe("ipolicy", Check::Dict),
    ];
    GroupAssignNodes "OP_GROUP_ASSIGN_NODES" "OpGroupAssignNodes" Some("group_name") => [
        required("group_name", Check::NonEmpty), flag("force", false), required("nodes", Check::NonEmptyTexts),
        maybe("node_uuids", Check::NonEmptyTexts),
    ];
    GroupRemove "OP_GROUP_REMOVE" "OpGroupRemove" Some("group_name") => [required("group_name", Check::NonEmpty)];
    GroupRename "OP_GROUP_RENAME" "OpGroupRename" None => [
        required("group_name", Check::NonEmpty), required("new_name", Check::NonEmpty),
    ];
    GroupSetParams "OP_GROUP_SET_PARAMS" "OpGroupSetParams" Some("group_name") => [
        required("group_name", Check::NonEmpty), maybe("alloc_policy", POLICIES), maybe("ndparams", Check::Dict),
        maybe("diskparams", Check::Dict), maybe("hv_state", Check::Dict), maybe("disk_state", Check::Dict),
        maybe("ipolicy", Check::Dict),
    ];
    InstanceActivateDisks "OP_INSTANCE_ACTIVATE_DISKS" "OpInstanceActivateDisks" Some("instance_name") => [
        NAME, UUID, flag("ignore_size", false), flag("wait_for_sync", false),
    ];
    InstanceCreate "OP_INSTANCE_CREATE" "OpInstanceCreate" Some("instance_name") => [
        NAME, flag("force_variant", false), flag("wait_for_sync", true), flag("name_check", true),
        flag("ignore_ipolicy", false), flag("opportunistic_locking", false),
        with("beparams", Check::Dict, Default::EmptyDict), required("disks", Check::Disks),
        maybe("disk_template", TEMPLATES), maybe("group_name", Check::NonEmpty), maybe("file_driver", FILE_DRIVERS),
        maybe("file_storage_dir", Check::NonEmpty), with("hvparams", Check::Dict, Default::EmptyDict),
        maybe("hypervisor", HYPERVISORS), maybe("iallocator", Check::NonEmpty), flag("identify_defaults", false),
        flag("ip_check", true), flag("conflicts_check", true),
        required("mode", Check::OneOf(&["create", "import", "remote-import"])), required("nics", Check::Nics),
        maybe("no_install", Check::Bool), with("osparams", Check::Dict, Default::EmptyDict),
        maybe("osparams_private", Check::Dict), maybe("osparams_secret", Check::Dict),
        maybe("os_type", Check::NonEmpty), maybe("pnode", Check::NonEmpty), maybe("pnode_uuid", Check::NonEmpty),
        maybe("snode", Check::NonEmpty), maybe("snode_uuid", Check::NonEmpty), maybe("source_handshake", Check::List),
        maybe("source_instance_name", Check::NonEmpty),
        with("source_shutdown_timeout", Check::NonNegative, Default::Int(120)),
        maybe("source_x509_ca", Check::NonEmpty), maybe("src_node", Check::NonEmpty),
        maybe("src_node_uuid", Check::NonEmpty), maybe("src_path", Check::NonEmpty),
        with("compress", Check::Text, Default::Text("none")), flag("start", true), flag("forthcoming", false),
        flag("commit", false), with("tags", Check::NonEmptyTexts, Default::EmptyList),
        flag("instance_communication", false), maybe("helper_startup_timeout", Check::Int),
        maybe("helper_shutdown_timeout", Check::Int),
    ];
    InstanceDeactivateDisks "OP_INSTANCE_DEACTIVATE_DISKS" "OpInstanceDeactivateDisks" Some("instance_name") => [
        NAME, UUID, flag("force", false),
    ];
    InstanceFailover "OP_INSTANCE_FAILOVER" "OpInstanceFailover" Some("instance_name") => [
        NAME, UUID, SHUTDOWN_TIMEOUT, flag("ignore_consistency", false), maybe("target_node", Check::NonEmpty),
        maybe("target_node_uuid", Check::NonEmpty), flag("ignore_ipolicy", false), flag("cleanup", false),
        maybe("iallocator", Check::NonEmpty),
    ];
    InstanceGrowDisk "OP_INSTANCE_GROW_DISK" "OpInstanceGrowDisk" Some("instance_name") => [
        NAME, UUID, flag("wait_for_sync", true), required("disk", Check::DiskIndex),
        required("amount", Check::NonNegative), flag("absolute", false), flag("ignore_ipolicy", false),
    ];
    InstanceMigrate "OP_INSTANCE_MIGRATE" "OpInstanceMigrate" Some("instance_name") => [
        NAME, UUID, maybe("mode", Check::OneOf(&["live", "non-live"])), maybe("live", Check::Bool),
        maybe("target_node", Check::NonEmpty), maybe("target_node_uuid", Check::NonEmpty),
        flag("allow_runtime_changes", true), flag("ignore_ipolicy", false), flag("cleanup", false),
        maybe("iallocator", Check::NonEmpty), flag("allow_failover", false), flag("ignore_hvversions", false),
    ];
    InstanceQueryData "OP_INSTANCE_QUERY_DATA" "OpInstanceQueryData" None => [
        flag("use_locking", false), with("instances", Check::NonEmptyTexts, Default::EmptyList), flag("static", false),
    ];
    InstanceReboot "OP_INSTANCE_REBOOT" "OpInstanceReboot" Some("instance_name") => [
        NAME, UUID, SHUTDOWN_TIMEOUT, flag("ignore_secondaries", false),
        required("reboot_type", Check::OneOf(&["full", "hard", "soft"])),
    ];
    InstanceReinstall "OP_INSTANCE_REINSTALL" "OpInstanceReinstall" Some("instance_name") => [
        NAME, UUID, flag("force_variant", false), maybe("os_type", Check::NonEmpty), maybe("osparams", Check::Dict),
        maybe("osparams_private", Check::Dict), maybe("osparams_secret", Check::Dict),
    ];
    InstanceRemove "OP_INSTANCE_REMOVE" "OpInstanceRemove" Some("instance_name") => [
        NAME, UUID, SHUTDOWN_TIMEOUT, flag("ignore_failures", false),
    ];
    InstanceRename "OP_INSTANCE_RENAME" "OpInstanceRename" None => [
        NAME, UUID, required("new_name", Check::NonEmpty), flag("name_check", true), flag("ip_check", true),
    ];
    InstanceSetParams "OP_INSTANCE_SET_PARAMS" "OpInstanceSetParams" Some("instance_name") => [
        NAME, UUID, flag("force", false), flag("force_variant", false), flag("ignore_ipolicy", false),
        with("nics", Check::DeviceChanges, Default::EmptyList),
        with("disks", Check::DeviceChanges, Default::EmptyList),
        with("beparams", Check::Dict, Default::EmptyDict), maybe("runtime_mem", Check::Positive),
        with("hvparams", Check::Dict, Default::EmptyDict), maybe("disk_template", TEMPLATES),
        with("ext_params", Check::Dict, Default::EmptyDict), maybe("file_driver", FILE_DRIVERS),
        maybe("file_storage_dir", Check::NonEmpty), maybe("pnode", Check::NonEmpty),
        maybe("pnode_uuid", Check::NonEmpty), maybe("remote_node", Check::NonEmpty),
        maybe("remote_node_uuid", Check::NonEmpty), maybe("iallocator", Check::NonEmpty),
        maybe("os_name", Check::NonEmpty), with("osparams", Check::Dict, Default::EmptyDict),
        maybe("osparams_private", Check::Dict), flag("wait_for_sync", true), maybe("offline", Check::Bool),
        flag("conflicts_check", true), flag("hotplug", false), flag("hotplug_if_possible", false),
        maybe("instance_communication", Check::Bool),
    ];
    InstanceShutdown "OP_INSTANCE_SHUTDOWN" "OpInstanceShutdown" Some("instance_name") => [
        NAME, UUID, flag("force", false), flag("ignore_offline_nodes", false),
        with("timeout", Check::NonNegative, Default::Int(120)), flag("no_remember", false),
        maybe("admin_state_source", Check::OneOf(&["admin", "user"])),
    ];
    InstanceStartup "OP_INSTANCE_STARTUP" "OpInstanceStartup" Some("instance_name") => [
        NAME, UUID, flag("force", false), flag("ignore_offline_nodes", false),
        with("hvparams", Check::Dict, Default::EmptyDict), with("beparams", Check::Dict, Default::EmptyDict),
        flag("no_remember", false), flag("startup_paused", false), SHUTDOWN_TIMEOUT,
    ];
    NetworkAdd "OP_NETWORK_ADD" "OpNetworkAdd" Some("network_name") => [
        required("network_name", Check::NonEmpty), required("network", Check::Ipv4Net), maybe("gateway", Check::Ipv4),
        maybe("network6", Check::Ipv6Net), maybe("gateway6", Check::Ipv6), maybe("mac_prefix", Check::NonEmpty),
        maybe("add_reserved_ips", Check::Ipv4s), flag("conflicts_check", true),
        with("tags", Check::NonEmptyTexts, Default::EmptyList),
    ];
    NetworkConnect "OP_NETWORK_CONNECT" "OpNetworkConnect" Some("network_name") => [
        required("group_name", Check::NonEmpty), required("network_name", Check::NonEmpty),
        required("network_mode", NIC_MODES), required("network_link", Check::NonEmpty),
        with("network_vlan", Check::Text, Default::Text("")), flag("conflicts_check", true),
    ];
    NetworkDisconnect "OP_NETWORK_DISCONNECT" "OpNetworkDisconnect" Some("network_name") => [
        required("group_name", Check::NonEmpty), required("network_name", Check::NonEmpty),
    ];
    NetworkRemove "OP_NETWORK_REMOVE" "OpNetworkRemove" Some("network_name") => [
        required("network_name", Check::NonEmpty), flag("force", false),
    ];
    NetworkSetParams "OP_NETWORK_SET_PARAMS" "OpNetworkSetParams" Some("network_name") => [
        required("network_name", Check::NonEmpty), maybe("gateway", Check::Ipv4), maybe("network6", Check::Ipv6Net),
        maybe("gateway6", Check::Ipv6), maybe("mac_prefix", Check::NonEmpty), maybe("add_reserved_ips", Check::Ipv4s),
        maybe("remove_reserved_ips", Check::Ipv4s),
    ];
    NodeSetParams "OP_NODE_SET_PARAMS" "OpNodeSetParams" Some("node_name") => [
        required("node_name", Check::NonEmpty), maybe("node_uuid", Check::NonEmpty), flag("force", false),
        maybe("hv_state", Check::Dict), maybe("disk_state", Check::Dict), maybe("master_candidate", Check::Bool),
        maybe("offline", Check::Bool), maybe("drained", Check::Bool), flag("auto_promote", false),
        maybe("master_capable", Check::Bool), maybe("vm_capable", Check::Bool),
        maybe("secondary_ip", Check::NonEmpty), maybe("ndparams", Check::Dict), maybe("powered", Check::Bool),
    ];
    OsDiagnose "OP_OS_DIAGNOSE" "OpOsDiagnose" None => [
        required("output_fields", Check::NonEmptyTexts), with("names", Check::NonEmptyTexts, Default::EmptyList),
    ];
    TagsDel "OP_TAGS_DEL" "OpTagsDel" None => [
        required("kind", TAG_KINDS), required("tags", Check::Texts), maybe("name", Check::Text),
    ];
    TagsSet "OP_TAGS_SET" "OpTagsSet" None => [
        required("kind", TAG_KINDS), required("tags", Check::Texts), maybe("name", Check::Text),
    ];
}
