//! Which parameters a machine may set, and the words for those that it may not.

/// The first of some parameters that is not allowed; `None` where all are.
pub fn not_allowed<'a>(mut names: impl Iterator<Item = &'a str>, allowed: &[String]) -> Option<&'a str> {
    names.find(|name| !allowed.iter().any(|other| other == name))
}

/// What is told of an OS parameter that the image does not allow.
#[must_use]
pub fn os_refusal(image: &str, name: &str) -> String {
    format!(
        "Image {image} does not allow OS parameter {name}: take it out of spec.osParameters, or have it listed in the image's spec.source.ganetiOS.allowedParameters."
    )
}

/// What is told of a hypervisor parameter that the machine's backend does not allow.
#[must_use]
pub fn hypervisor_refusal(backend: &str, name: &str) -> String {
    format!(
        "GanetiBackend {backend} does not allow hypervisor parameter {name}: take it out of spec.hypervisorParameters, or have an administrator list it in the backend's spec.allowedHypervisorParameters."
    )
}

/// Why the scheduler does not choose a backend, for a hypervisor parameter that it does not allow.
#[must_use]
pub fn closed_to(name: &str) -> String {
    format!("does not allow hypervisor parameter {name}")
}
