//! The calls, by the object they are about.

mod cluster;
mod filters;
mod instances;
mod jobs;
mod networks;
mod tags;

use http::Method;
use serde::Serialize;

use crate::client::Client;
use crate::failure::{Answer, Failure};
use crate::job::Dependency;
use crate::net::Request;
use crate::query::{Filter, QueryBody, Resource};

/// What accompanies every request that submits a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submit {
    /// Kept in the job as its first reason (source `gnt:user`): the mark by which a job is found again
    /// after an unknown outcome, and what job filters compare. Mind that Ganeti itself reads reasons of
    /// the form `rate-limit:N:NAME`. Keep it ASCII, as all else that goes into a job: a master daemon that
    /// runs in the C locale, as one does that Ganeti itself has started, cannot write any other text
    /// to its queue and refuses the job with status 500.
    pub reason: Option<String>,
    /// Jobs that have to end first.
    pub depends: Vec<Dependency>,
}

impl Submit {
    /// With this reason and no dependency.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), depends: Vec::new() }
    }

    /// The request with its reason and, where there is anything to say, a body.
    fn apply<T: Serialize>(&self, request: Request, body: Option<&T>) -> Result<Request, Failure> {
        /// An opcode's own parameters and the generic one.
        #[derive(Serialize)]
        struct Body<'a, T> {
            #[serde(flatten)]
            own: Option<&'a T>,
            #[serde(skip_serializing_if = "no_dependency")]
            depends: &'a [Dependency],
        }
        let request = match &self.reason {
            Some(reason) => request.arg("reason", reason),
            None => request,
        };
        if body.is_none() && self.depends.is_empty() {
            return Ok(request);
        }
        request.json(&Body { own: body, depends: &self.depends })
    }

    /// The same for the calls whose body RAPI ignores but for its dependencies.
    fn apply_bare(&self, request: Request) -> Result<Request, Failure> {
        self.apply::<()>(request, None)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn no_dependency(depends: &&[Dependency]) -> bool {
    depends.is_empty()
}

impl Client {
    /// Asks for chosen fields of all objects that match the filter; the rows are read with
    /// [`QueryBody::for_each`]. Keep an answer below 2 MB: RAPI's own time to relay one grows with the
    /// square of its size (2 s for 5 MB, 36 s for 20 MB).
    ///
    /// # Errors
    /// [`Failure`]; a filter that Ganeti cannot read is a [`Failure::Refused`] with status 502.
    pub async fn query_raw(
        &self,
        resource: Resource,
        fields: &[&str],
        filter: Option<Filter>,
    ) -> Answer<QueryBody> {
        #[derive(Serialize)]
        struct Body<'a> {
            fields: &'a [&'a str],
            qfilter: Option<Filter>,
        }
        let request = Request::read(Method::PUT, format!("/2/query/{}", resource.as_str()))
            .json(&Body { fields, qfilter: filter })?;
        Ok(QueryBody::new(self.call_bytes(request).await?))
    }
}
