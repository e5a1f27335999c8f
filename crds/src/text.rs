//! Shapes of strings: a bound, and a rule whose message says what to write. A bare pattern would show its reader no
//! more than the pattern.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Longest name of an object that ours refer to, in characters (`crate::schema::NAME_LENGTH_MAX`).
const NAME_MAX: u32 = 63;

/// A string of `least` to `most` characters that matches `pattern`, else `advice` is shown.
///
/// The pattern is RE2, as CEL has it; it must not hold a quote or a backslash, which CEL would read for itself.
pub(crate) fn shaped(least: u32, most: u32, pattern: &str, advice: &str) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": least,
        "maxLength": most,
        "x-kubernetes-validations": [{ "rule": format!("self.matches('{pattern}')"), "message": advice }]
    })
}

/// Name of an object.
pub(crate) fn name(_: &mut SchemaGenerator) -> Schema {
    object_name(NAME_MAX)
}

/// Name of an object of a kind that is not ours: as long as Kubernetes lets it be.
pub(crate) fn long_name(_: &mut SchemaGenerator) -> Schema {
    object_name(253)
}

fn object_name(most: u32) -> Schema {
    let advice = "write the name of an object: lower-case letters, digits, - and . such as small-1";
    shaped(1, most, "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", advice)
}

/// Name of a namespace.
pub(crate) fn namespace(_: &mut SchemaGenerator) -> Schema {
    let advice = "write the name of a namespace: lower-case letters, digits and - such as default";
    shaped(1, NAME_MAX, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", advice)
}

/// A UUID in its canonical form: lower case, with dashes.
pub(crate) fn uuid(_: &mut SchemaGenerator) -> Schema {
    let advice = "write a UUID in lower case with dashes, such as 6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001";
    shaped(1, 36, "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", advice)
}

/// One to eight URLs of the form `https://host:port`.
pub(crate) fn endpoints(_: &mut SchemaGenerator) -> Schema {
    let advice = "write https://host:port, such as https://cluster.example.com:5080: no other scheme, no path, no user";
    some(8, shaped(1, 255, "^https://[^/@?#]+(:[0-9]{1,5})?/?$", advice))
}

/// One to eight SHA-256 fingerprints.
pub(crate) fn pins(_: &mut SchemaGenerator) -> Schema {
    let advice = "write a SHA-256 fingerprint, 32 bytes in hex with or without colons, as openssl x509 -noout -fingerprint -sha256 prints it after the =";
    some(8, shaped(1, 102, "^(sha256:)?[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$", advice))
}

/// First part of the names of instances.
pub(crate) fn instance_name_prefix(_: &mut SchemaGenerator) -> Schema {
    let advice =
        "begin with a lower-case letter, go on with letters, digits and -, and end in - such as cyclades-";
    // 26 characters and the 36 of a UUID fit into the 63 of a host name's label (RFC 1123).
    shaped(2, 26, "^[a-z][a-z0-9-]*-$", advice)
}

/// Ganeti's name of a hypervisor.
pub(crate) fn hypervisor(_: &mut SchemaGenerator) -> Schema {
    shaped(1, 63, "^[a-z][a-z0-9-]*$", "write Ganeti's name of the hypervisor, such as kvm or xen-hvm")
}

/// Name of an ExtStorage provider (`EXT_PLUGIN_MASK` in Ganeti's constants).
pub(crate) fn provider(_: &mut SchemaGenerator) -> Schema {
    let advice = "write the provider's name, that of its folder on the nodes: letters, digits, _ and -";
    shaped(1, 63, "^[A-Za-z0-9_-]+$", advice)
}

/// Name of an OS definition or of a variant.
pub(crate) fn os_name(_: &mut SchemaGenerator) -> Schema {
    let advice = "write the name as gnt-os list prints it; what stands after a + there is the variant, which has a field of its own";
    shaped(1, 63, "^[A-Za-z0-9][A-Za-z0-9_.-]*$", advice)
}

/// Name of an OS parameter that takes user data.
pub(crate) fn os_parameter(_: &mut SchemaGenerator) -> Schema {
    let advice = "write the parameter's name in lower case, as gnt-os info prints it, without OSP_";
    shaped(1, 63, "^[a-z][a-z0-9_]*$", advice)
}

/// Where a medium is: Ganeti takes normalised absolute paths and URLs. QEMU's options, which it becomes a part of, end at
/// a comma.
pub(crate) fn medium(_: &mut SchemaGenerator) -> Schema {
    let advice = "write an absolute path without . and .. in it, such as /srv/iso/rescue.iso, or a URL with http or https; no commas";
    shaped(2, 1024, "^(/|https?://)[A-Za-z0-9_~%=&?:@+.-]+(/[A-Za-z0-9_~%=&?:@+.-]+)*$", advice)
}

/// At most 16 directories and beginnings of URLs.
pub(crate) fn media(_: &mut SchemaGenerator) -> Schema {
    let advice = "write a directory such as /srv/iso/, or the beginning of URLs such as https://images.example.com/iso/; it ends in a slash";
    let item = shaped(2, 1024, "^(/|https?://)([A-Za-z0-9_~%:@+.-]+/)+$", advice);
    json_schema!({ "type": "array", "maxItems": 16, "items": item })
}

/// At most 32 parameters with names of at most 63 and values of at most 1,024 characters. Ganeti's master daemon writes its
/// job files in the locale it was started in, often POSIX: anything but ASCII then fails the job's submission.
pub(crate) fn parameters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": { "type": "string", "maxLength": 1024 },
        "x-kubernetes-validations": [{
            "rule": "self.all(key, size(key) <= 63 && key.matches('^[A-Za-z0-9_.-]+$'))",
            "message": "a parameter's name is 1 to 63 letters, digits and the characters _ . - in any order"
        }, {
            "rule": "self.all(key, self[key].matches('^[ -~\\n\\t]*$'))",
            "message": "a parameter's value is plain ASCII, which is all that Ganeti carries: encode other text, such as in base64"
        }]
    })
}

/// Name of a disk of a machine's own: no number, which Ganeti would take for an index.
pub(crate) fn disk_name(_: &mut SchemaGenerator) -> Schema {
    let advice = "begin with a lower-case letter and go on with letters, digits and - such as data-1";
    shaped(1, NAME_MAX, "^[a-z]([-a-z0-9]*[a-z0-9])?$", advice)
}

/// Name of a NIC of a machine's own: no number, which Ganeti would take for an index.
pub(crate) fn nic_name(_: &mut SchemaGenerator) -> Schema {
    let advice = "begin with a lower-case letter and go on with letters, digits and - such as eth0";
    shaped(1, NAME_MAX, "^[a-z]([-a-z0-9]*[a-z0-9])?$", advice)
}

/// Name of a network device on Linux (`IFNAMSIZ`).
pub(crate) fn device(_: &mut SchemaGenerator) -> Schema {
    let advice =
        "write the name of a bridge on the nodes: letters, digits and the characters . _ - such as br0";
    shaped(1, 15, "^[A-Za-z0-9][A-Za-z0-9._-]*$", advice)
}

/// A string that a rule of CEL's own holds for, else `advice` is shown.
fn ruled(most: u32, rule: &str, advice: &str) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": most,
        "x-kubernetes-validations": [{ "rule": rule, "message": advice }]
    })
}

/// A range of addresses in its one spelling.
pub(crate) fn cidr(_: &mut SchemaGenerator) -> Schema {
    let advice = "write a range of addresses such as 192.168.1.0/24 or 2001:db8:1::/64: it begins with its first address, in its shortest spelling";
    ruled(43, "isCIDR(self) && string(cidr(self).masked()) == self", advice)
}

/// An address in its one spelling.
pub(crate) fn address(_: &mut SchemaGenerator) -> Schema {
    let advice = "write an address such as 192.168.1.1 or 2001:db8:1::1, in its shortest spelling";
    ruled(39, "isIP(self) && ip.isCanonical(self)", advice)
}

/// An IPv4 address.
pub(crate) fn address4(_: &mut SchemaGenerator) -> Schema {
    let advice = "write an IPv4 address such as 192.168.1.10; one of IPv6 follows from the MAC";
    ruled(15, "isIP(self) && ip(self).family() == 4", advice)
}

/// The MAC of a NIC.
pub(crate) fn mac(_: &mut SchemaGenerator) -> Schema {
    let advice = "write six pairs of hex digits in lower case, such as aa:00:01:23:45:67; the second digit is even, as others are the MACs of groups";
    shaped(17, 17, "^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$", advice)
}

/// A MAC prefix of 20 bits that is locally administered and nobody's group.
pub(crate) fn mac_prefix(_: &mut SchemaGenerator) -> Schema {
    let advice = "write five hex digits in lower case, such as aa:00:1; the second one is 2, 6, a or e";
    shaped(7, 7, "^[0-9a-f][26ae]:[0-9a-f]{2}:[0-9a-f]$", advice)
}

/// At most 256 MAC prefixes.
pub(crate) fn mac_prefixes(generator: &mut SchemaGenerator) -> Schema {
    set(256, mac_prefix(generator))
}

/// At most 32 hypervisor parameters, as [`parameters`].
pub(crate) fn hypervisor_parameters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": { "type": "string", "maxLength": 1024 },
        "x-kubernetes-validations": [{
            "rule": "self.all(key, size(key) <= 63 && key.matches('^[a-z][a-z0-9_]*$'))",
            "message": "write a hypervisor parameter's name in lower case, as gnt-instance info prints it"
        }, {
            "rule": "self.all(key, self[key].matches('^[ -~]*$') && self[key] != 'default')",
            "message": "a hypervisor parameter's value is plain ASCII in one line, and not the word default: take the parameter away to have the cluster's default"
        }]
    })
}

/// Parameters as they are written into a status.
pub(crate) fn observed_parameters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": { "type": "string", "maxLength": 1024 }
    })
}

/// At most 64 names of OS parameters.
pub(crate) fn os_parameter_names(generator: &mut SchemaGenerator) -> Schema {
    set(64, os_parameter(generator))
}

/// At most 64 names of hypervisor parameters, without those that rescue needs for itself.
pub(crate) fn hypervisor_parameter_names(_: &mut SchemaGenerator) -> Schema {
    let advice = "write the parameter's name in lower case, as gnt-instance info prints it; boot_order and cdrom_image_path are not for machines' owners, as they are set to rescue machines";
    let mut name = shaped(1, NAME_MAX, "^[a-z][a-z0-9_]*$", advice);
    if let Some(rule) = name.pointer_mut("/x-kubernetes-validations/0/rule") {
        *rule =
            "self.matches('^[a-z][a-z0-9_]*$') && self != 'boot_order' && self != 'cdrom_image_path'".into();
    }
    set(64, name)
}

/// At most 128 texts of at most 255 characters, under names as OpenStack's Nova takes them: its own default quota, and its
/// own pattern.
pub(crate) fn metadata(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 128,
        "additionalProperties": { "type": "string", "maxLength": 255 },
        "x-kubernetes-validations": [{
            "rule": "self.all(key, size(key) <= 255 && key.matches('^[a-zA-Z0-9_:. -]+$'))",
            "message": "a name in the metadata is 1 to 255 letters, digits, blanks and the characters - _ : ."
        }]
    })
}

/// A list of at most `most` different items.
fn set(most: u32, item: Schema) -> Schema {
    json_schema!({ "type": "array", "maxItems": most, "items": item, "x-kubernetes-list-type": "set" })
}

/// A list of one to `most` items.
fn some(most: u32, item: Schema) -> Schema {
    json_schema!({ "type": "array", "minItems": 1, "maxItems": most, "items": item })
}
