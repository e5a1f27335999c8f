//! Tags.

use anyhow::{Result, ensure};
use ganeti_rapi::Submit;

use crate::{Notes, World};

pub(super) async fn of_an_instance(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let name = "tags.example.com";
    let (client, submit) = (&world.client, &Submit::default());
    world.running(name).await?;
    let has = |wanted: &'static [&'static str]| {
        move |instance: &ganeti_rapi::Instance| {
            let mut tags = instance.tags.clone();
            tags.sort();
            tags == wanted
        }
    };
    let job = world.done(client.add_instance_tags(name, &["a:1", "b+c/d@e*f"], submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    world.seen(name, "two tags", has(&["a:1", "b+c/d@e*f"])).await?;
    let job = world.end(client.add_instance_tags(name, &["a:1"], submit).await).await?;
    notes.outcome("a tag it has", &job);
    let job = world.done(client.remove_instance_tags(name, &["b+c/d@e*f"], submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    world.seen(name, "one tag", has(&["a:1"])).await?;
    let job = world.end(client.remove_instance_tags(name, &["never"], submit).await).await?;
    notes.outcome("remove a tag it has not", &job);
    let job = world.end(client.add_instance_tags(name, &["no blanks"], submit).await).await?;
    notes.outcome("a tag with a blank", &job);
    let job = world.end(client.add_instance_tags(name, &["x".repeat(200)], submit).await).await?;
    notes.outcome("a tag that is too long", &job);
    world.remove(name).await?;
    Ok(notes)
}

pub(super) async fn of_the_cluster(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let (client, submit) = (&world.client, &Submit::default());
    let tag = "suite:cluster".to_owned();
    let job = world.done(client.add_cluster_tags(&[&tag], submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    wait_for(world, &tag, true).await?;
    let job = world.done(client.remove_cluster_tags(&[&tag], submit).await).await?;
    notes.fact("summary", job.summary.join(" "));
    wait_for(world, &tag, false).await?;
    Ok(notes)
}

async fn wait_for(world: &World, tag: &String, present: bool) -> Result<()> {
    let start = std::time::Instant::now();
    while world.client.cluster_tags().await?.contains(tag) != present {
        ensure!(start.elapsed().as_secs() < 20, "{tag} present: not {present} after 20 s");
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    }
    Ok(())
}
