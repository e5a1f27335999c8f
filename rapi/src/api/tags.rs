//! Tags of the cluster and of instances.

use http::Method;

use super::Submit;
use crate::client::Client;
use crate::failure::{Answer, Failure};
use crate::job::JobId;
use crate::net::{Request, check_name};

const CLUSTER_TAGS: &str = "/2/tags";

impl Client {
    /// The cluster's tags, in no order.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn cluster_tags(&self) -> Answer<Vec<String>> {
        self.call(Request::read(Method::GET, CLUSTER_TAGS)).await
    }

    /// Adds tags to the cluster; those it has already are fine.
    ///
    /// # Errors
    /// [`Failure`]; an invalid tag fails the job, not this call.
    pub async fn add_cluster_tags(&self, tags: &[impl AsRef<str>], submit: &Submit) -> Answer<JobId> {
        self.change_tags(Method::PUT, CLUSTER_TAGS.to_owned(), tags, submit).await
    }

    /// Removes tags from the cluster; one it has not fails the job.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn remove_cluster_tags(&self, tags: &[impl AsRef<str>], submit: &Submit) -> Answer<JobId> {
        self.change_tags(Method::DELETE, CLUSTER_TAGS.to_owned(), tags, submit).await
    }

    /// Adds tags to an instance; those it has already are fine.
    ///
    /// # Errors
    /// [`Failure`]; an invalid tag or unknown instance fails the job, not this call.
    pub async fn add_instance_tags(
        &self,
        name: &str,
        tags: &[impl AsRef<str>],
        submit: &Submit,
    ) -> Answer<JobId> {
        self.change_tags(Method::PUT, instance_tags(name)?, tags, submit).await
    }

    /// Removes tags from an instance; one it has not fails the job.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn remove_instance_tags(
        &self,
        name: &str,
        tags: &[impl AsRef<str>],
        submit: &Submit,
    ) -> Answer<JobId> {
        self.change_tags(Method::DELETE, instance_tags(name)?, tags, submit).await
    }

    async fn change_tags(
        &self,
        method: Method,
        path: String,
        tags: &[impl AsRef<str>],
        submit: &Submit,
    ) -> Answer<JobId> {
        if tags.is_empty() {
            return Err(Failure::Unsendable("no tag given".to_owned()));
        }
        let mut request = Request::change(method, path);
        for tag in tags {
            request = request.arg("tag", tag.as_ref());
        }
        self.call(submit.apply_bare(request)?).await
    }
}

fn instance_tags(name: &str) -> Result<String, Failure> {
    Ok(format!("/2/instances/{}/tags", check_name(name)?))
}
