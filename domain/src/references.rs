//! What a machine refers to: its flavor, the volume type of that, its image. The rules, and the words where one of them is
//! missing or cannot be used.

use cyclades_crds::{
    FlavorSpec, ImageSpec, VolumeTypeSpec,
    condition::Reason,
    image::{GanetiOs, ImageSource, Visibility},
    virtual_machine::Shape,
};

use crate::shape;

/// Something that a machine needs and that is not there, or not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What has to change.
    pub of: Lacking,
    /// Why, as a reason.
    pub reason: Reason,
    /// Why, and what to do.
    pub message: String,
}

/// What has to appear or to change before a machine goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// Its flavor.
    Flavor,
    /// What its flavor says cannot be, and will not change by itself.
    FlavorForGood,
    /// The volume type of that name, which its flavor names.
    VolumeType(String),
    /// Its image.
    Image,
}

/// The shape that a flavor gives.
///
/// # Errors
/// What is missing for it.
pub fn shape<'a>(
    name: &str,
    flavor: Option<&FlavorSpec>,
    volume_type: impl FnOnce(&str) -> Option<&'a VolumeTypeSpec>,
) -> Result<Shape, Lack> {
    let lack = |of, reason, message| Lack { of, reason, message };
    let Some(flavor) = flavor else {
        let message = format!("Flavor {name} does not exist: create it, and the machine goes on.");
        return Err(lack(Lacking::Flavor, Reason::FlavorNotFound, message));
    };
    let of = flavor.volume_type_ref.name.as_str();
    let Some(volume_type) = volume_type(of) else {
        let message =
            format!("VolumeType {of} of flavor {name} does not exist: create it, and the machine goes on.");
        return Err(lack(Lacking::VolumeType(of.to_owned()), Reason::VolumeTypeNotFound, message));
    };
    let wrong = |error| lack(Lacking::FlavorForGood, Reason::InvalidSpec, format!("Flavor {name}: {error}"));
    shape::resolve(flavor, volume_type).map_err(wrong)
}

/// Whether a flavor takes machines that do not have it yet.
///
/// # Errors
/// That it does not.
pub fn open(name: &str, flavor: Option<&FlavorSpec>) -> Result<(), Lack> {
    if flavor.is_none_or(|flavor| flavor.allow_create) {
        return Ok(());
    }
    let message = format!(
        "Flavor {name} has allowCreate: false; name another flavor, or ask for this one to be opened."
    );
    Err(Lack { of: Lacking::Flavor, reason: Reason::FlavorNotAllowed, message })
}

/// An image, and from where it is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageName<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Namespace of the machine.
    pub home: &'a str,
}

/// What an image that a machine may use is made of.
///
/// # Errors
/// Why it cannot be used.
pub fn image<'a>(image: ImageName<'_>, spec: Option<&'a ImageSpec>) -> Result<&'a ImageSource, Lack> {
    let ImageName { namespace, name, home } = image;
    let Some(spec) = spec else {
        let message = format!(
            "Image {name} does not exist in namespace {namespace}: create it, and the machine goes on."
        );
        return Err(Lack { of: Lacking::Image, reason: Reason::ImageNotFound, message });
    };
    if namespace != home && spec.visibility != Visibility::Public {
        // The same words whether it exists or not would hide it better; that it exists is no secret worth the riddle.
        let message = format!(
            "Image {namespace}/{name} is private to its namespace: it must say visibility: Public to be used here."
        );
        return Err(Lack { of: Lacking::Image, reason: Reason::ImageNotShared, message });
    }
    Ok(&spec.source)
}

/// The OS that an image gives a machine; `user_data` says whether the machine has any to hand over.
///
/// # Errors
/// Why it cannot be used.
pub fn os<'a>(
    name: ImageName<'_>,
    spec: Option<&'a ImageSpec>,
    user_data: bool,
) -> Result<&'a GanetiOs, Lack> {
    let source = image(name, spec)?;
    let ImageName { namespace, name, .. } = name;
    let lack = |reason, message| Lack { of: Lacking::Image, reason, message };
    let Some(os) = &source.ganeti_os else {
        let message = format!(
            "Image {namespace}/{name} is a medium to rescue machines with, there is no operating system to install: name another one."
        );
        return Err(lack(Reason::InvalidSpec, message));
    };
    if user_data && os.user_data_parameter.is_none() {
        let message = format!(
            "The machine has userData, but Image {namespace}/{name} has no userDataParameter to hand it over by: set that, or use another image."
        );
        return Err(lack(Reason::UserDataNotSupported, message));
    }
    Ok(os)
}

#[cfg(test)]
mod tests {
    use cyclades_crds::{quantity::ByteQuantity, reference::ClusterRef, volume_type::DiskTemplate};

    use super::*;

    fn flavor(allow_create: bool, memory: &str) -> FlavorSpec {
        FlavorSpec {
            id: None,
            display_name: None,
            description: None,
            vcpus: 1,
            memory: ByteQuantity(memory.to_owned()),
            disk: ByteQuantity("0".to_owned()),
            volume_type_ref: ClusterRef { name: "file".to_owned() },
            allow_create,
            public: true,
        }
    }

    fn volume_type() -> VolumeTypeSpec {
        VolumeTypeSpec {
            display_name: None,
            description: None,
            disk_template: DiskTemplate::File,
            provider: None,
            parameters: Default::default(),
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let (small, file) = (flavor(true, "16Mi"), volume_type());
        assert_eq!(shape("small", Some(&small), |_| Some(&file)).map(|shape| shape.memory_mib), Ok(16));
        let lack = |flavor: Option<&FlavorSpec>| shape("small", flavor, |_| None).unwrap_err();
        assert_eq!(lack(None).reason, Reason::FlavorNotFound);
        assert_eq!(lack(Some(&small)).of, Lacking::VolumeType("file".to_owned()));
        let wrong = shape("small", Some(&flavor(true, "lots")), |_| Some(&file)).unwrap_err();
        assert_eq!((wrong.of, wrong.reason), (Lacking::FlavorForGood, Reason::InvalidSpec));
    }

    #[test]
    fn a_retired_flavor_takes_nobody_new() {
        assert!(open("small", Some(&flavor(true, "16Mi"))).is_ok());
        assert_eq!(open("small", Some(&flavor(false, "16Mi"))).unwrap_err().reason, Reason::FlavorNotAllowed);
    }

    #[test]
    fn an_image_of_others_must_be_public() {
        let source = ImageSource {
            cdrom: None,
            ganeti_os: Some(GanetiOs {
                name: "guest".to_owned(),
                variant: None,
                parameters: Default::default(),
                user_data_parameter: None,
                allowed_parameters: Vec::new(),
            }),
        };
        let spec = |visibility| ImageSpec {
            id: None,
            display_name: None,
            description: None,
            visibility,
            os_family: None,
            source: source.clone(),
        };
        let (private, public) = (spec(Visibility::Private), spec(Visibility::Public));
        let at = |home| ImageName { namespace: "images", name: "debian", home };
        let reason = |home, spec: Option<&ImageSpec>, data| {
            os(at(home), spec, data).err().map(|lack: Lack| lack.reason)
        };
        assert_eq!(reason("images", Some(&private), false), None);
        assert_eq!(reason("shop", Some(&private), false), Some(Reason::ImageNotShared));
        assert_eq!(reason("shop", Some(&public), false), None);
        assert_eq!(reason("shop", Some(&public), true), Some(Reason::UserDataNotSupported));
        assert_eq!(reason("shop", None, false), Some(Reason::ImageNotFound));
    }
}
