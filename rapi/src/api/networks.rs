//! Networks.

use http::Method;
use serde::Serialize;

use super::Submit;
use crate::client::Client;
use crate::failure::Answer;
use crate::job::JobId;
use crate::model::{AddNetwork, ConnectNetwork, Network};
use crate::net::{Request, check_name};
use crate::query::{QueryRow, Resource};

impl Client {
    /// All networks, without the maps of their addresses.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn networks(&self) -> Answer<Vec<Network>> {
        let body = self.query_raw(Resource::Network, Network::FIELDS, None).await?;
        let mut all = Vec::new();
        body.for_each(|network: Network| all.push(network))?;
        Ok(all)
    }

    /// Adds a network, connected to no node group. A name that exists fails the job with
    /// `already_exists`.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn add_network(&self, add: &AddNetwork, submit: &Submit) -> Answer<JobId> {
        self.call(submit.apply(Request::change(Method::POST, "/2/networks"), Some(add))?).await
    }

    /// Connects a network to a node group, so that instances there may use it. One that is connected is
    /// fine, and stays connected as it was.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn connect_network(
        &self,
        name: &str,
        connect: &ConnectNetwork,
        submit: &Submit,
    ) -> Answer<JobId> {
        self.on_network(Method::PUT, name, "/connect", Some(connect), submit).await
    }

    /// Takes a network from a node group; one that is not connected is fine. Instances there that use it
    /// fail the job with `wrong_state`.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn disconnect_network(&self, name: &str, group: &str, submit: &Submit) -> Answer<JobId> {
        #[derive(Serialize)]
        struct Body<'a> {
            group_name: &'a str,
        }
        self.on_network(Method::PUT, name, "/disconnect", Some(&Body { group_name: group }), submit).await
    }

    /// Removes a network. One that is connected to a node group fails the job with `wrong_state`.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn remove_network(&self, name: &str, submit: &Submit) -> Answer<JobId> {
        self.on_network::<()>(Method::DELETE, name, "", None, submit).await
    }

    async fn on_network<T: Serialize>(
        &self,
        method: Method,
        name: &str,
        action: &str,
        body: Option<&T>,
        submit: &Submit,
    ) -> Answer<JobId> {
        let path = format!("/2/networks/{}{action}", check_name(name)?);
        self.call(submit.apply(Request::change(method, path), body)?).await
    }
}
