//! Instances.

use http::Method;
use serde::de::SeqAccess;
use serde::{Deserialize, Serialize};

use super::Submit;
use crate::client::Client;
use crate::failure::{Answer, Failure};
use crate::job::JobId;
use crate::model::Params;
use crate::model::{
    CreateInstance, DeleteInstance, GrowDisk, Instance, ModifyInstance, RebootInstance, ReinstallInstance,
    ShutdownInstance,
};
use crate::net::{Request, check_name};
use crate::query::{Cells, Filter, QueryRow, Resource, Text};

impl Client {
    /// The names of all instances.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn instances(&self) -> Answer<Vec<String>> {
        #[derive(Deserialize)]
        struct Entry {
            id: String,
        }
        let entries: Vec<Entry> = self.call(Request::read(Method::GET, "/2/instances")).await?;
        Ok(entries.into_iter().map(|entry| entry.id).collect())
    }

    /// One instance, by its exact name. Ganeti itself also answers for a uuid or an unambiguous first
    /// part of a dotted name; such an answer is `None` here, as is an unknown name.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn instance(&self, name: &str) -> Answer<Option<Instance>> {
        let request = Request::read(Method::GET, format!("/2/instances/{}", check_name(name)?));
        match self.call::<Instance>(request).await {
            Ok(instance) => Ok(Some(instance).filter(|instance| instance.name == name)),
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The OS parameters that are set on an instance itself; `None` for an unknown name. (3.0 shows them in queries only.)
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn os_parameters(&self, name: &str) -> Answer<Option<Params>> {
        struct Row<'a>(Text<'a>, Params);
        impl<'de> QueryRow<'de> for Row<'de> {
            const FIELDS: &'static [&'static str] = &["name", "custom_osparams"];
            fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
                Ok(Self(cells.required()?, cells.optional()?.unwrap_or_default()))
            }
        }
        // Names alone would fail as a whole where one is unknown; the second arm, never true, keeps it a filter.
        let filter = Filter::Or(vec![Filter::equal("name", name), Filter::less("serial_no", 0)]);
        let body = self.query_raw(Resource::Instance, Row::FIELDS, Some(filter)).await?;
        let mut found = None;
        body.for_each(|Row(shown, parameters)| {
            found = found.take().or((*shown == *name).then_some(parameters))
        })?;
        Ok(found)
    }

    /// Creates an instance. A name that exists fails the job with `already_exists`.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_instance(&self, create: &CreateInstance, submit: &Submit) -> Answer<JobId> {
        let request = Request::change(Method::POST, "/2/instances");
        self.call(submit.apply(request, Some(create))?).await
    }

    /// Shuts an instance down and removes it with its disks.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn delete_instance(
        &self,
        name: &str,
        delete: &DeleteInstance,
        submit: &Submit,
    ) -> Answer<JobId> {
        self.on_instance(Method::DELETE, name, "", Some(delete), submit).await
    }

    /// Starts an instance; one that runs is fine. RAPI offers no uuid guard for this.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn startup_instance(&self, name: &str, submit: &Submit) -> Answer<JobId> {
        self.on_instance::<()>(Method::PUT, name, "/startup", None, submit).await
    }

    /// Shuts an instance down; one that is down is fine.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn shutdown_instance(
        &self,
        name: &str,
        shutdown: &ShutdownInstance,
        submit: &Submit,
    ) -> Answer<JobId> {
        self.on_instance(Method::PUT, name, "/shutdown", Some(shutdown), submit).await
    }

    /// Reboots an instance; one that is down is started.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn reboot_instance(
        &self,
        name: &str,
        reboot: &RebootInstance,
        submit: &Submit,
    ) -> Answer<JobId> {
        let action = format!("/reboot?type={}", reboot.kind.as_str());
        self.on_instance(Method::POST, name, &action, Some(reboot), submit).await
    }

    /// Changes an instance's configuration.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn modify_instance(
        &self,
        name: &str,
        modify: &ModifyInstance,
        submit: &Submit,
    ) -> Answer<JobId> {
        self.on_instance(Method::PUT, name, "/modify", Some(modify), submit).await
    }

    /// Grows the disk with an index.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn grow_disk(
        &self,
        name: &str,
        disk: usize,
        grow: &GrowDisk,
        submit: &Submit,
    ) -> Answer<JobId> {
        self.on_instance(Method::POST, name, &format!("/disk/{disk}/grow"), Some(grow), submit).await
    }

    /// Installs an OS on the disks of an instance, which loses what is on them. RAPI makes a job of two or three opcodes
    /// of it (shutdown, reinstall, startup) that takes no reason, no dependencies and no uuid guard: after a lost
    /// answer it is known by its opcodes only. An instance without disks fails the job with `wrong_input`.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn reinstall_instance(&self, name: &str, reinstall: &ReinstallInstance) -> Answer<JobId> {
        let path = format!("/2/instances/{}/reinstall", check_name(name)?);
        self.call(Request::change(Method::POST, path).json(reinstall)?).await
    }

    async fn on_instance<T: Serialize>(
        &self,
        method: Method,
        name: &str,
        action: &str,
        body: Option<&T>,
        submit: &Submit,
    ) -> Answer<JobId> {
        let path = format!("/2/instances/{}{action}", check_name(name)?);
        self.call(submit.apply(Request::change(method, path), body)?).await
    }
}
