//! Job filters.

use http::Method;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::client::Client;
use crate::failure::{Answer, Failure};
use crate::model::{JobFilter, JobFilterSpec};
use crate::net::{Request, check_name};

/// The body of a rule. Who made it and why may be told in `reason`, a list Ganeti requires.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    spec: &'a JobFilterSpec,
    reason: [(); 0],
}

impl Client {
    /// All job filters.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn job_filters(&self) -> Answer<Vec<JobFilter>> {
        self.call(Request::read(Method::GET, "/2/filters?bulk=1")).await
    }

    /// Adds a job filter and returns its uuid.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn add_job_filter(&self, spec: &JobFilterSpec) -> Answer<String> {
        let request = Request::change(Method::POST, "/2/filters").json(&Body { spec, reason: [] })?;
        self.call(request).await
    }

    /// Puts a job filter in the place of the one with this uuid, or adds it under this uuid: with a
    /// uuid of one's own, a way to add that can be repeated.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn replace_job_filter(&self, uuid: &str, spec: &JobFilterSpec) -> Answer<String> {
        let request = Request::change(Method::PUT, filter_path(uuid)?).json(&Body { spec, reason: [] })?;
        self.call(request).await
    }

    /// Removes a job filter.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn delete_job_filter(&self, uuid: &str) -> Answer<()> {
        self.call::<IgnoredAny>(Request::change(Method::DELETE, filter_path(uuid)?)).await?;
        Ok(())
    }
}

fn filter_path(uuid: &str) -> Result<String, Failure> {
    Ok(format!("/2/filters/{}", check_name(uuid)?))
}
