//! Queries of chosen fields.

use anyhow::{Context, Result, ensure};
use ganeti_rapi::{Cell, Cells, ConfigRow, Filter, LiveRow, NodeRow, QueryRow, Resource, Submit, Text};

use crate::{Notes, World};

pub(super) async fn by_tag(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let (mine, other) = ("mine.queries.example.com", "other.queries.example.com");
    let mut create = world.small(mine);
    create.tags = vec!["suite:mine".to_owned()];
    world.done(world.client.create_instance(&create, &Submit::default()).await).await?;
    world.status(mine, "running").await?;
    world.running(other).await?;

    let filter = Filter::contains("tags", "suite:mine");
    let body = world.client.query_raw(Resource::Instance, ConfigRow::FIELDS, Some(filter.clone())).await?;
    let mut found = Vec::new();
    body.for_each(|row: ConfigRow<'_>| {
        found.push(format!(
            "{} {} {} {} {} {} {} {} {} tags {} secondaries {}",
            row.name,
            row.uuid,
            row.admin_state,
            row.hypervisor,
            row.disk_template,
            row.min_mem_mib,
            row.max_mem_mib,
            row.vcpus,
            row.serial_no,
            row.tags.to_vec().join(","),
            row.snodes.to_vec().len(),
        ));
    })?;
    ensure!(found.len() == 1, "{found:?}");
    notes.fact("configured", found.join(" "));

    let body = world.client.query_raw(Resource::Instance, LiveRow::FIELDS, Some(filter)).await?;
    let mut found = Vec::new();
    body.for_each(|row: LiveRow<'_>| {
        found.push(format!("{} {} {:?}", row.name, row.status, row.oper_state))
    })?;
    notes.fact("live", found.join(" "));
    let none = Filter::contains("tags", "suite:nobody");
    let body = world.client.query_raw(Resource::Instance, ConfigRow::FIELDS, Some(none)).await?;
    notes.fact("nobody", body.for_each(|_: ConfigRow<'_>| {})?);

    let any = Filter::any_of("name", [mine, other]);
    let body = world.client.query_raw(Resource::Instance, ConfigRow::FIELDS, Some(any)).await?;
    notes.fact("by names", body.for_each(|_: ConfigRow<'_>| {})?);
    let body = world.client.query_raw(Resource::Node, NodeRow::FIELDS, None).await?;
    let mut usable = 0;
    let count = body.for_each(|row: NodeRow<'_>| usable += usize::from(row.vm_capable && !row.offline))?;
    ensure!(count == usable && count > 0, "{usable} of {count} nodes");
    world.remove(mine).await?;
    world.remove(other).await?;
    Ok(notes)
}

/// A field that Ganeti has and one that no version has.
struct Odd<'a>(Text<'a>, Cell<Text<'a>>);

impl<'de> QueryRow<'de> for Odd<'de> {
    const FIELDS: &'static [&'static str] = &["name", "no_such_field"];

    fn from_cells<A: serde::de::SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self(cells.required()?, cells.cell()?))
    }
}

pub(super) async fn unknown_fields(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let body = world.client.query_raw(Resource::Node, Odd::FIELDS, None).await?;
    let mut first = None;
    body.for_each(|Odd(name, cell)| {
        first.get_or_insert_with(|| (name.len(), format!("{cell:?}")));
    })?;
    notes.fact("unknown field", first.context("no node")?.1);
    Ok(notes)
}

pub(super) async fn filters_that_are_none(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    for (what, filter) in [
        ("a number for a text", Filter::equal("name", 5)),
        ("a regular expression that is none", Filter::Matches("name".into(), "(".to_owned())),
        ("an unknown field", Filter::equal("no_such_field", "a")),
    ] {
        match world.client.query_raw(Resource::Instance, &["name"], Some(filter)).await {
            Ok(_) => notes.fact(what, "answered"),
            Err(failure) => notes.failure(what, &failure),
        }
    }
    Ok(notes)
}

pub(super) async fn an_unknown_name(world: &World) -> Result<Notes> {
    let mut notes = Notes::default();
    let filter = Filter::equal("name", "nobody.queries.example.com");
    match world.client.query_raw(Resource::Instance, ConfigRow::FIELDS, Some(filter)).await {
        Ok(body) => notes.fact("rows", body.for_each(|_: ConfigRow<'_>| {})?),
        Err(failure) => notes.failure("query", &failure),
    }
    Ok(notes)
}
