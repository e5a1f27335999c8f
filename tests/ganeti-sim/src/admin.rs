//! What the cluster's administrator or bad luck does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::certificate::Certificate;
use crate::fault::{Fault, FaultId};
use crate::opcode::{Kind, Op, fill};
use crate::state::{Dict, Live, Slot, State};
use crate::users::{Access, Credentials};
use crate::{Error, Sim};

static NEXT_FAULT: AtomicU64 = AtomicU64::new(1);

impl Sim {
    /// `gnt-cluster renew-crypto --new-rapi-certificate`: another key and fingerprint for new connections.
    ///
    /// # Errors
    /// [`Error::Certificate`].
    pub fn renew_certificate(&self) -> Result<(), Error> {
        self.shared.set_certificate(Certificate::generate(&self.shared.options.name)?);
        Ok(())
    }

    /// Adds a RAPI user or gives a known one another password and right. Counts at once.
    pub fn set_password(&self, credentials: Credentials, access: Access) {
        self.shared.users_mut().set(credentials, access);
    }

    /// `gnt-cluster queue drain` and `undrain`.
    pub fn drain_queue(&self, drained: bool) {
        self.shared.state().queue.drained = drained;
        self.shared.wake();
    }

    /// Somebody puts the cluster's time of day back: what is stamped from now on is older than what was before.
    pub fn turn_clock_back(&self, by: std::time::Duration) {
        self.shared.state().clock.turn_back(by);
    }

    /// Becomes another cluster in all but address and contents.
    pub fn set_uuid(&self, uuid: &str) {
        uuid.clone_into(&mut Arc::make_mut(&mut self.shared.state().cluster).uuid);
        self.shared.wake();
    }

    /// Makes a running guest vanish: `ERROR_down`.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub fn crash_instance(&self, name: &str) -> Result<(), Error> {
        let mut state = self.shared.state();
        let slot = running(&state, name)?;
        state.edit(slot, |instance| instance.live = Live::Absent);
        drop(state);
        self.shared.wake();
        Ok(())
    }

    /// The guest shuts itself down: `USER_down` where that is allowed, else `ERROR_down`.
    ///
    /// # Errors
    /// When there is no such instance, or it does not run.
    pub fn user_down(&self, name: &str) -> Result<(), Error> {
        let mut state = self.shared.state();
        let slot = running(&state, name)?;
        let allowed = state.cluster.user_shutdown;
        state.edit(slot, |instance| {
            if let Live::Running { memory_mib, vcpus, .. } = instance.live {
                let stays = Live::ShutDown { memory_mib, vcpus };
                instance.live = if allowed { stays } else { Live::Absent };
            }
        });
        drop(state);
        self.shared.wake();
        Ok(())
    }

    /// `gnt-instance shutdown`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_shutdown(&self, name: &str) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceShutdown, name, json!({"timeout": 120}))
    }

    /// `gnt-instance startup`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_startup(&self, name: &str) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceStartup, name, json!({}))
    }

    /// `gnt-instance remove`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_remove(&self, name: &str) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceRemove, name, json!({}))
    }

    /// `gnt-instance migrate -n NODE`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_migrate(&self, name: &str, node: &str) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceMigrate, name, json!({"target_node": node}))
    }

    /// `gnt-instance failover -n NODE`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_failover(&self, name: &str, node: &str) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceFailover, name, json!({"target_node": node}))
    }

    /// `gnt-instance modify -H`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_set_hvparams(&self, name: &str, parameters: Value) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceSetParams, name, json!({ "hvparams": parameters }))
    }

    /// `gnt-… add-tags` and `remove-tags` of a `cluster`, `instance`, `node`, `nodegroup` or `network`; the
    /// job's id.
    ///
    /// # Errors
    /// When there is no such kind.
    pub fn admin_tags(
        &self,
        kind: &str,
        name: Option<&str>,
        tags: &[String],
        remove: bool,
    ) -> Result<u64, Error> {
        let fixed = json!({"kind": kind, "name": name, "tags": tags});
        self.submit_as_admin(if remove { Kind::TagsDel } else { Kind::TagsSet }, fixed)
    }

    /// `gnt-instance modify -B …`; the job's id.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn admin_modify(&self, name: &str, beparams: &Value) -> Result<u64, Error> {
        self.admin_job(Kind::InstanceSetParams, name, json!({"beparams": beparams}))
    }

    fn admin_job(&self, kind: Kind, name: &str, mut params: Value) -> Result<u64, Error> {
        let full = {
            let state = self.shared.state();
            let slot = find(&state, name)?;
            state.instances.get(slot).map(|instance| instance.name.to_string())
        };
        params["instance_name"] = full.into();
        self.submit_as_admin(kind, params)
    }

    /// Submits a job as the command line does: also into a drained queue.
    fn submit_as_admin(&self, kind: Kind, fixed: Value) -> Result<u64, Error> {
        let mut state = self.shared.state();
        let fixed: Dict = fixed.as_object().cloned().unwrap_or_default();
        let command = ("gnt:client".to_owned(), String::new(), state.now().nanos());
        let op: Op =
            fill(kind, None, fixed, vec![command], &[]).map_err(|error| Error::State(error.text()))?;
        let id = state.submit_anyway(vec![op]);
        drop(state);
        self.shared.wake();
        Ok(id)
    }

    /// Cancels a job from outside, as an administrator would.
    pub fn cancel_job(&self, id: u64) -> bool {
        let (done, _) = self.shared.state().cancel(id);
        self.shared.wake();
        done
    }

    /// Marks a node offline or not (`gnt-node modify -O yes`).
    ///
    /// # Errors
    /// When there is no such node.
    pub fn node_offline(&self, name: &str, offline: bool) -> Result<(), Error> {
        self.edit_node(name, |node| node.offline = offline)
    }

    /// Makes a node answer nothing although it is not marked offline: `ERROR_nodedown`.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn node_unreachable(&self, name: &str, unreachable: bool) -> Result<(), Error> {
        self.edit_node(name, |node| node.unreachable = unreachable)
    }

    fn edit_node(&self, name: &str, edit: impl FnOnce(&mut crate::state::Node)) -> Result<(), Error> {
        let mut state = self.shared.state();
        let now = state.now();
        let node = state.nodes.iter_mut().find(|node| node.name == name);
        let node = node.ok_or_else(|| Error::Unknown { kind: "node", name: name.to_owned() })?;
        let node = Arc::make_mut(node);
        edit(node);
        node.touch(now);
        drop(state);
        self.shared.wake();
        Ok(())
    }

    /// Forgets all instances, networks, cluster tags and job filters; jobs and nodes stay.
    pub fn wipe(&self) {
        self.shared.state().wipe();
        self.shared.wake();
    }

    /// Makes something go wrong from now on.
    pub fn add_fault(&self, fault: Fault) -> FaultId {
        let id = FaultId(NEXT_FAULT.fetch_add(1, Ordering::Relaxed));
        if fault.kind.is_of_jobs() {
            self.shared.state().job_faults.add(id, fault);
        } else {
            self.shared.faults().add(id, fault);
            self.shared.update_refusal();
        }
        id
    }

    /// Ends a fault.
    pub fn remove_fault(&self, id: FaultId) {
        self.remove_faults(Some(id));
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.remove_faults(None);
    }

    fn remove_faults(&self, id: Option<FaultId>) {
        self.shared.state().job_faults.remove(id);
        self.shared.faults().remove(id);
        self.shared.update_refusal();
    }
}

fn find(state: &State, name: &str) -> Result<Slot, Error> {
    state.instances.find(name).ok_or_else(|| Error::Unknown { kind: "instance", name: name.to_owned() })
}

fn running(state: &State, name: &str) -> Result<Slot, Error> {
    let slot = find(state, name)?;
    let runs = state.instances.get(slot).is_some_and(|instance| instance.is_running());
    if runs { Ok(slot) } else { Err(Error::State(format!("instance {name} does not run"))) }
}
