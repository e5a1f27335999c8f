//! Who may do what.

use anyhow::{Result, ensure};
use ganeti_rapi::{ConfigRow, Credentials, Failure, Pin, QueryRow, Resource, Submit, Trust};

use crate::{Notes, World};

pub(super) async fn passwords(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let user = world.bed.writer().user;
    for (what, user, password) in [
        ("wrong password", user.as_str(), "wrong"),
        ("unknown user", "nobody", "wrong"),
        ("empty", user.as_str(), ""),
    ] {
        let trust = Trust::Pins(vec![world.bed.pin()]);
        let client = world.client_as(Credentials::new(user, password.to_owned()), trust)?;
        for failure in
            [client.info().await.err(), client.startup_instance("a", &Submit::default()).await.err()]
        {
            let Some(failure) = failure else { anyhow::bail!("{what}: let in") };
            ensure!(
                matches!(&failure, Failure::NotAuthorised(denied) if denied.status == 401),
                "{failure:?}"
            );
            notes.failure(what, &failure);
        }
    }
    Ok(notes)
}

pub(super) async fn a_reader_may_look_but_not_touch(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    world.reader.info().await?;
    world.reader.nodes().await?;
    world.reader.instances().await?;
    world.reader.job_filters().await?;
    world
        .reader
        .query_raw(Resource::Instance, ConfigRow::FIELDS, None)
        .await?
        .for_each(|_: ConfigRow<'_>| {})?;
    let submit = Submit::default();
    let refused = [
        world.reader.create_instance(&world.small("reader.example.com"), &submit).await.err(),
        world.reader.add_cluster_tags(&["reader"], &submit).await.err(),
        world.reader.cancel_job(ganeti_rapi::JobId(1)).await.err(),
    ];
    for failure in refused {
        let Some(failure) = failure else { anyhow::bail!("a reader has changed something") };
        ensure!(matches!(&failure, Failure::NotAuthorised(denied) if denied.status == 403), "{failure:?}");
        notes.failure("a change", &failure);
    }
    Ok(notes)
}

pub(super) async fn a_wrong_pin(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let wrong = Trust::Pins(vec![Pin::of_der(b"another certificate")]);
    let client = world.client_as(world.bed.writer(), wrong)?;
    let Err(failure) = client.info().await else { anyhow::bail!("trusted") };
    let Failure::UntrustedPeer(untrusted) = &failure else { anyhow::bail!("{failure:?}") };
    ensure!(
        untrusted.presented == world.bed.pin(),
        "presented {}, is {}",
        untrusted.presented,
        world.bed.pin()
    );
    notes.failure("info", &failure);

    let both = Trust::Pins(vec![Pin::of_der(b"another certificate"), untrusted.presented]);
    world.client_as(world.bed.writer(), both)?.info().await?;
    Ok(notes)
}
