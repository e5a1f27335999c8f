//! Whether the user could do something about it.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::{Api, api::PostParams};

use super::{Rights, blocker::Blocker, cure::Right};
use crate::cluster::Cluster;

/// Questions at a time.
const PARALLEL: usize = 8;

/// Asks the API server whether the user has the rights that cures take, each once. An answer that does not come is left
/// out: what is to be done is worth telling without it.
pub(super) async fn ask<'a>(cluster: &Cluster, blockers: impl Iterator<Item = &'a Blocker>) -> Rights {
    let wanted: BTreeSet<Right> = blockers.filter_map(|blocker| blocker.cure.right.clone()).collect();
    let asked = wanted.into_iter().map(|right| async move {
        let allowed = allowed(cluster, &right).await?;
        Some((right, allowed))
    });
    let answers = stream::iter(asked).buffer_unordered(PARALLEL);
    answers.filter_map(|answer| async move { answer }).collect().await
}

async fn allowed(cluster: &Cluster, right: &Right) -> Option<bool> {
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(right.group.to_owned()),
                resource: Some(right.resource.to_owned()),
                verb: Some(right.verb.to_owned()),
                namespace: right.namespace.clone(),
                name: right.name.clone(),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let answer = api.create(&PostParams::default(), &review).await.ok()?;
    Some(answer.status?.allowed)
}
