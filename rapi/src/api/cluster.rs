//! The cluster, its groups and nodes.

use http::Method;

use crate::client::Client;
use crate::failure::Answer;
use crate::model::{Group, Info, Node};
use crate::net::Request;

impl Client {
    /// The version of the remote API, `2`. Answered by RAPI alone: says nothing about the cluster.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn version(&self) -> Answer<u32> {
        self.call(Request::read(Method::GET, "/version")).await
    }

    /// What the cluster is and allows.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn info(&self) -> Answer<Info> {
        self.call(Request::read(Method::GET, "/2/info")).await
    }

    /// RAPI's feature words, in no order. They are the same in Ganeti 3.0 and 3.1.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn features(&self) -> Answer<Vec<String>> {
        self.call(Request::read(Method::GET, "/2/features")).await
    }

    /// All node groups.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn groups(&self) -> Answer<Vec<Group>> {
        self.call(Request::read(Method::GET, "/2/groups?bulk=1")).await
    }

    /// All nodes with their live figures. Ganeti asks every node: one that is down costs 5 s.
    ///
    /// # Errors
    /// [`crate::Failure`].
    pub async fn nodes(&self) -> Answer<Vec<Node>> {
        self.call(Request::read(Method::GET, "/2/nodes?bulk=1")).await
    }
}
