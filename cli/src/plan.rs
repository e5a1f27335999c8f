//! `plan`.
use crate::{answer::Answer, cluster::Cluster, options::PlanFlags};
pub(crate) async fn run(_: &Cluster, _: &PlanFlags) -> anyhow::Result<Answer> {
    Ok(Answer::default())
}
