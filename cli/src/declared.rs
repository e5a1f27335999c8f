//! What machines declare in Ganeti.

use std::collections::{BTreeMap, BTreeSet};

use cyclades_crds::VirtualMachine;
use kube::ResourceExt as _;
use uuid::Uuid;

/// What is declared.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    ids: BTreeSet<String>,
    adopted: BTreeSet<(String, String)>,
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Declared {
    /// What machines declare.
    pub(crate) fn by(machines: &[VirtualMachine]) -> Self {
        let mut declared = Self::default();
        for machine in machines {
            let id = machine.spec.id.clone().or_else(|| machine.uid());
            declared.ids.extend(id);
            if let (Some(backend), Some(name)) = (&machine.spec.backend_name, &machine.spec.adopt) {
                declared.adopted.insert((backend.clone(), name.clone()));
            }
            let namespace = machine.namespace().unwrap_or_default();
            declared.names.entry(namespace).or_default().insert(machine.name_any());
        }
        declared
    }

    /// Names that machines of a namespace have.
    pub(crate) fn names(&mut self, namespace: &str) -> &mut BTreeSet<String> {
        self.names.entry(namespace.to_owned()).or_default()
    }

    /// Whether an instance of ours has its machine.
    pub(crate) fn has(&self, id: Uuid) -> bool {
        self.ids.contains(&id.hyphenated().to_string())
    }

    /// Whether a machine looks at an instance, or is to take it over.
    pub(crate) fn adopts(&self, backend: &str, instance: &str) -> bool {
        self.adopted.contains(&(backend.to_owned(), instance.to_owned()))
    }
}
