//! The fence: a job filter of Ganeti that rejects what former holders of a backend still have under way.
//!
//! Whoever takes a backend over raises it before it reads anything. So a request of a former holder that arrives later
//! finds the fence, and one that arrived earlier is seen in what is read.

use cyclades_domain::{backend::Health, reason::Fence, term::Term};
use ganeti_rapi::{Action, Failure, Filter, JobFilter, JobFilterSpec, Operand, Predicate};
use tracing::{debug, info};
use uuid::Uuid;

use super::{session::Session, trouble::health_of};
use crate::{replica::holding, runtime::queue::Urgency, world::Key};

/// Rules of lower numbers are asked first.
const PRIORITY: u32 = 0;
/// Field of a predicate on reasons.
const REASON: &str = "reason";

impl Session {
    /// Has a fence stand against all terms before this one, and no other of ours.
    pub(super) async fn tend_fence(&self, term: Term) -> Result<(), Health> {
        let said = |failure: Failure| health_of(&failure);
        let rules = self.ask("job_filters", self.client.job_filters()).await.map_err(said)?;
        let cluster_id = self.ctx.installation.cluster_id.as_str();
        let uuid = fence_uuid(cluster_id, &self.ctx.installation.incarnation, term).to_string();
        let fences = rules.iter().filter_map(|rule| Some((rule, term_of(cluster_id, rule)?)));
        let mut older = Vec::new();
        let mut stands = false;
        for (rule, of) in fences {
            if rule.uuid == uuid {
                stands = true;
            } else if of >= term {
                return Err(self.outrun(of));
            } else {
                older.push(rule.uuid.clone());
            }
        }
        if !stands {
            let fence = fence(Fence { cluster_id, term });
            self.ask("replace_job_filter", self.client.replace_job_filter(&uuid, &fence))
                .await
                .map_err(said)?;
            info!(backend = %self.backend, %term, "former holders are fenced off");
        }
        self.remove(older);
        Ok(())
    }

    /// Removes fences, while others wait for nothing. Somebody else may have removed one meanwhile, which Ganeti calls an
    /// error; one that is left is removed next time.
    fn remove(&self, fences: Vec<String>) {
        if fences.is_empty() {
            return;
        }
        let session = self.clone();
        tokio::task::spawn_local(async move {
            for uuid in fences {
                if let Err(failure) =
                    session.ask("delete_job_filter", session.client.delete_job_filter(&uuid)).await
                {
                    debug!(backend = %session.backend, %failure, "an old fence was not removed");
                }
            }
        });
    }

    /// A fence stands that is not of this term, and not of an earlier one: of an installation whose status was lost, of a
    /// former life before the clock went back, or of whoever holds the backend by now. It is let go of; if it is still ours to take, then under an epoch above that.
    fn outrun(&self, term: Term) -> Health {
        info!(backend = %self.backend, %term, "a fence of a later term stands");
        self.ctx.world.change(|world| {
            if let Some(backend) = world.backends.get_mut(&self.backend) {
                backend.epoch_floor = backend.epoch_floor.max(term.epoch);
            }
        });
        holding::let_go(&self.ctx, &self.backend);
        self.ctx.queue.wake(&Key::Backend(self.backend.as_ref().into()), Urgency::User);
        Health::Synchronising
    }
}

/// Each term has a uuid of its own, so a former holder that puts up its own fence too late replaces nobody's; and raising
/// the same one twice is raising it once.
fn fence_uuid(cluster_id: &str, incarnation: &str, term: Term) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("cyclades/{cluster_id}/{incarnation}/{term}").as_bytes())
}

/// Jobs that were accepted before the fence was raised go on: whoever raises it finds them.
fn fence(fence: Fence<'_>) -> JobFilterSpec {
    JobFilterSpec {
        priority: PRIORITY,
        predicates: vec![
            Predicate::JobId(Filter::greater("id", "watermark")),
            Predicate::Reason(Filter::And(vec![
                Filter::at_least(REASON, fence.from()),
                Filter::less(REASON, fence.below()),
            ])),
        ],
        action: Action::Reject,
    }
}

/// The term of a rule that is a fence of this installation.
fn term_of(cluster_id: &str, rule: &JobFilter) -> Option<Term> {
    if rule.action != Action::Reject {
        return None;
    }
    rule.predicates.iter().find_map(|predicate| {
        let Predicate::Reason(Filter::And(range)) = predicate else { return None };
        let [Filter::GreaterOrEqual(_, Operand::Text(from)), Filter::Less(_, Operand::Text(below))] =
            range.as_slice()
        else {
            return None;
        };
        Fence::term_of(cluster_id, from, below)
    })
}
