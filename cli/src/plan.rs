//! `plan`: what the operator would do next and why, without doing it.

mod ahead;
mod file;
mod foresee;
mod ganeti;
mod identity;
mod merge;
mod rival;
mod room;
mod text;
mod view;
mod why;

use anyhow::Result;
use cyclades_crds::VirtualMachine;

pub use foresee::{Objects, foresee};

use ahead::{World, ahead};
use ganeti::Sight;
use view::view;

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::options::PlanFlags;
use crate::scene::Scene;

/// Plans for a machine, or for each in a file.
///
/// # Errors
/// Where the machine, or the file, cannot be read.
pub(crate) async fn run(cluster: &Cluster, flags: &PlanFlags) -> Result<Answer> {
    let Some(path) = &flags.file else {
        let machine = cluster.machine(flags.machine.as_deref().unwrap_or_default()).await?;
        let scene = Scene::gather(cluster, std::slice::from_ref(&machine)).await?;
        return of_one(cluster, &machine, scene, text::Occasion::AsItIs).await;
    };
    let file = file::read(path)?;
    let mut whole = Answer { notes: file.notes.clone(), well: true, ..Answer::default() };
    for manifest in &file.machines {
        let answer = of_manifest(cluster, manifest, &file).await?;
        if !whole.text.is_empty() {
            whole.text.push('\n');
        }
        whole.text.push_str(&answer.text);
        whole.notes.extend(answer.notes);
        whole.well &= answer.well;
    }
    Ok(whole)
}

async fn of_manifest(
    cluster: &Cluster,
    manifest: &serde_json::Value,
    file: &file::Manifests,
) -> Result<Answer> {
    match file::tried(cluster, manifest).await? {
        file::Tried::Refused { subject, words } => {
            Ok(Answer { text: text::refused(&subject, &words), notes: Vec::new(), well: false })
        }
        file::Tried::Taken { machine, occasion } => {
            let mut scene = Scene::gather(cluster, std::slice::from_ref(&*machine)).await?;
            file.lay_over(&mut scene);
            scene.complete(cluster).await?;
            of_one(cluster, &machine, scene, occasion).await
        }
    }
}

/// Looks at Ganeti where that is possible, and plans.
async fn of_one(
    cluster: &Cluster,
    machine: &VirtualMachine,
    scene: Scene,
    occasion: text::Occasion,
) -> Result<Answer> {
    let sights = ganeti::look(cluster, machine, &scene).await?;
    let own = sights.iter().find(|sight| Some(&sight.backend) == machine.spec.backend_name.as_ref());
    let mut view = view(machine, &scene, own);
    if occasion == (text::Occasion::New { has_id: false }) && machine.spec.adopt.is_none() {
        // The id that the API server tried it with is not the one that it will give.
        view.instance.clear();
    }
    let room = match machine.spec.backend_name {
        None => room::survey(cluster, machine, &sights).await?,
        Some(_) => room::Room::default(),
    };
    view.by_ganeti |= sights.iter().any(|sight| sight.seen().is_some());
    let rival = rival::refusal(cluster, machine).await?;
    let world = World { machine, scene: &scene, room: &room, view: &view, rival: rival.as_deref() };
    let course = ahead(&world);
    let sources: Vec<String> = sights.iter().map(Sight::source).chain(room.sources.clone()).collect();
    Ok(Answer {
        text: text::plan(&world, &course, &occasion, &sources),
        notes: Vec::new(),
        well: course.well,
    })
}
