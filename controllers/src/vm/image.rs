//! The Image of a machine: where it comes from, and the OS that it gives.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cyclades_crds::{condition::Reason, image::ImageSource};
use cyclades_domain::{
    parameters::{not_allowed, os_refusal},
    references::{self, ImageName},
};

use super::missing::Missing;
use crate::{
    backend::order::Software,
    world::{Machine, ObjectName, World, needs::Need},
};

/// What a name of an image leads to.
fn named<'a>(machine: &'a Machine, image: &'a ObjectName) -> ImageName<'a> {
    ImageName { namespace: image.namespace(), name: image.name(), home: machine.key.namespace() }
}

/// An image that a machine may use, by its label.
pub(super) fn source<'a>(
    world: &'a World,
    machine: &Machine,
    label: &str,
) -> Result<(ObjectName, &'a ImageSource), Missing> {
    let image = machine.image_named(label);
    let spec = world.catalog.images.get(&image).map(|entry| &*entry.spec);
    match references::image(named(machine, &image), spec) {
        Ok(source) => Ok((image, source)),
        Err(lack) => Err(Missing::image(lack, &image)),
    }
}

/// The OS that an image gives a machine, with all that the machine hands over.
pub(super) fn software(world: &World, machine: &Machine, label: &str) -> Result<Software, Missing> {
    let image = &machine.image_named(label);
    let spec = world.catalog.images.get(image).map(|entry| &*entry.spec);
    let os = references::os(named(machine, image), spec, machine.user_data.is_some())
        .map_err(|lack| Missing::image(lack, image))?;
    if let Some(name) = not_allowed(machine.os_parameters().map(|(name, _)| name), &os.allowed_parameters) {
        let need = Some(Need::Image(image.clone()));
        let message = os_refusal(&image.to_string(), name);
        return Err(Missing { need, reason: Reason::ParameterNotAllowed, message });
    }
    let of_image = os.parameters.iter().map(|(key, value)| (key.clone(), value.clone()));
    let mut parameters: BTreeMap<String, String> = of_image.collect();
    parameters.extend(machine.os_parameters().map(|(key, value)| (key.to_owned(), value.to_owned())));
    if let (Some(data), Some(parameter)) = (&machine.user_data, &os.user_data_parameter) {
        parameters.insert(parameter.clone(), STANDARD.encode(data.as_bytes()));
    }
    Ok(Software { os: os.ganeti_name(), parameters })
}
