//! Which machine an id belongs to. Two objects may name the same `spec.id`, also in two namespaces: one of them has it,
//! the same one after every restart, and the others wait.

use std::{cmp::Reverse, collections::HashMap};

use cyclades_domain::identity::Rank;
use uuid::Uuid;

use super::{Machine, ObjectName};

/// Ids and the machines that name them.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    owners: HashMap<Uuid, ObjectName>,
    /// The others. Nearly always empty.
    rivals: HashMap<Uuid, Vec<ObjectName>>,
}

fn rank(
    machines: &HashMap<ObjectName, Machine>,
    key: &ObjectName,
) -> Option<Rank<jiff::Timestamp, ObjectName>> {
    let machine = machines.get(key)?;
    Some(Rank {
        made: machine.status.instance_uuid.is_some(),
        placed: machine.backend.is_some(),
        guarded: machine.has_finalizer(),
        created: Reverse(machine.created),
        name: Reverse(key.clone()),
    })
}

impl Ids {
    /// The machine that has an id.
    pub(crate) fn owner(&self, id: Uuid) -> Option<&ObjectName> {
        self.owners.get(&id)
    }

    /// A machine of the store names an id.
    pub(crate) fn claim(&mut self, id: Uuid, key: &ObjectName, machines: &HashMap<ObjectName, Machine>) {
        let Some(owner) = self.owners.get_mut(&id) else {
            self.owners.insert(id, key.clone());
            return;
        };
        let rival = match rank(machines, key) > rank(machines, owner) {
            true => std::mem::replace(owner, key.clone()),
            false => key.clone(),
        };
        self.rivals.entry(id).or_default().push(rival);
    }

    /// A machine that was taken out of the store gives up its id; the best of the others has it then.
    pub(crate) fn give_up(&mut self, id: Uuid, key: &ObjectName, machines: &HashMap<ObjectName, Machine>) {
        let mut rivals = self.rivals.remove(&id).unwrap_or_default();
        if self.owners.get(&id) == Some(key) {
            let best = rivals.iter().enumerate().max_by_key(|(_, rival)| rank(machines, rival));
            match best.map(|(at, _)| at) {
                Some(at) => drop(self.owners.insert(id, rivals.swap_remove(at))),
                None => drop(self.owners.remove(&id)),
            }
        } else {
            rivals.retain(|rival| rival != key);
        }
        if !rivals.is_empty() {
            self.rivals.insert(id, rivals);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use crate::world::{Machine, ObjectName, intern::Interner, machines::Machines, wire::VmWire};

    const ID: Uuid = Uuid::from_u128(7);

    fn machine(name: &str, created: &str, placed: bool, made: bool) -> Machine {
        let mut object = json!({
            "metadata": {
                "name": name, "namespace": "team", "uid": Uuid::new_v4(), "resourceVersion": "5", "generation": 1,
                "creationTimestamp": created,
            },
            "spec": {"id": ID, "flavorRef": {"name": "f"}, "imageRef": {"name": "i"}},
            "status": {},
        });
        if placed {
            object["spec"]["backendName"] = json!("a");
        }
        if made {
            object["status"]["instanceUUID"] = json!("u");
        }
        let text = object.to_string();
        let wire: VmWire<'_> = serde_json::from_str(&text).unwrap();
        Machine::read(&wire, &mut Interner::default()).unwrap()
    }

    fn owner(machines: &Machines) -> &str {
        machines.by_id(ID).map_or("nobody", ObjectName::name)
    }

    #[test]
    fn whose_instance_exists_has_the_id_in_whatever_order_they_come() {
        let victim = || machine("victim", "2026-01-02T00:00:00Z", true, true);
        let thief = || machine("thief", "2026-01-01T00:00:00Z", true, false);
        for order in [[victim(), thief()], [thief(), victim()]] {
            let mut machines = Machines::default();
            for machine in order {
                machines.put(machine);
            }
            assert_eq!(owner(&machines), "victim");
        }
    }

    #[test]
    fn the_older_of_two_new_ones_has_the_id() {
        let mut machines = Machines::default();
        machines.put(machine("a-younger", "2026-01-02T00:00:00Z", false, false));
        machines.put(machine("older", "2026-01-01T00:00:00Z", false, false));
        assert_eq!(owner(&machines), "older");
    }

    #[test]
    fn the_next_has_it_when_the_owner_goes() {
        let mut machines = Machines::default();
        for (name, created) in [("one", "2026-01-01T00:00:00Z"), ("two", "2026-01-02T00:00:00Z")] {
            machines.put(machine(name, created, false, false));
        }
        machines.remove(&ObjectName::new("team", "one"));
        assert_eq!(owner(&machines), "two");
        machines.remove(&ObjectName::new("team", "two"));
        assert_eq!(owner(&machines), "nobody");
    }

    #[test]
    fn a_rival_that_goes_leaves_the_owner() {
        let mut machines = Machines::default();
        for (name, created) in [("one", "2026-01-01T00:00:00Z"), ("two", "2026-01-02T00:00:00Z")] {
            machines.put(machine(name, created, false, false));
        }
        machines.remove(&ObjectName::new("team", "two"));
        assert_eq!(owner(&machines), "one");
    }
}
