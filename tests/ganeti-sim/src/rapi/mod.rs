//! RAPI's resources.

mod args;
mod cluster;
mod filters;
mod groups;
mod instances;
mod jobs;
mod networks;
mod nodes;
mod query;
mod reply;
mod route;
mod submit;
mod tags;

use serde_json::Value;

pub(crate) use args::Args;
pub(crate) use reply::{HttpError, Reply};
pub(crate) use route::{Needs, Route, TagTarget};

use crate::fault::FaultKind;
use crate::shared::Shared;
use crate::users::Access;

/// An answer or the error that takes its place.
pub(crate) type Answer = Result<Reply, HttpError>;

/// A request whose head has been read.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub method: &'a str,
    /// Path and query, as sent.
    pub target: &'a str,
    pub path: &'a str,
    pub args: Args,
    pub authorization: Option<&'a str>,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
    /// What is done to the rows of a list.
    pub rows: Rows,
}

/// What is done to the rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    None,
    Half,
    Twice,
}

impl Rows {
    pub fn of(fault: &FaultKind) -> Self {
        match fault {
            FaultKind::EmptyList => Self::None,
            FaultKind::HalfOfRows => Self::Half,
            FaultKind::DuplicatedRows => Self::Twice,
            _ => Self::All,
        }
    }

    pub fn shape<T: Clone>(self, rows: Vec<T>) -> Vec<T> {
        match self {
            Self::All => rows,
            Self::None => Vec::new(),
            Self::Half => rows.into_iter().step_by(2).collect(),
            Self::Twice => rows.into_iter().flat_map(|row| [row.clone(), row]).collect(),
        }
    }
}

/// A checked request and its parsed body.
pub(crate) struct Call<'a> {
    pub shared: &'a Shared,
    pub request: &'a Request<'a>,
    pub body: Option<Value>,
}

/// Checks in RAPI's order: user, path, method, password and right, content type, JSON. Then answers.
pub(crate) async fn answer(shared: &Shared, request: &Request<'_>) -> Answer {
    let route = authorize(shared, request)?;
    let body = parse_body(request)?;
    dispatch(Call { shared, request, body }, route).await
}

/// Which resource it is, if it exists and the user may use it so.
fn authorize<'a>(shared: &Shared, request: &Request<'a>) -> Result<Route<'a>, HttpError> {
    let anonymous = request.authorization.is_none();
    // With authentication required for everything, even a path that does not exist is not told.
    if anonymous && shared.options.require_authentication {
        return Err(HttpError::unauthorized());
    }
    let route = Route::parse(request.path).ok_or_else(|| HttpError::of(404))?;
    let needs = route.needs(request.method).ok_or_else(|| {
        HttpError::new(501, format!("Method {} is unsupported for path {}", request.method, request.target))
    })?;
    let Some(authorization) = request.authorization else {
        return if needs == Needs::Nothing { Ok(route) } else { Err(HttpError::unauthorized()) };
    };
    let access = shared.users().check(authorization).ok_or_else(HttpError::unauthorized)?;
    let allowed = match needs {
        Needs::Nothing => true,
        Needs::Read => access != Access::Plain,
        Needs::Write => access == Access::Write,
    };
    if allowed { Ok(route) } else { Err(HttpError::of(403)) }
}

/// A query of someone who need not be asked for a password.
pub(crate) fn query(shared: &Shared, kind: &str, body: Value) -> Answer {
    let request = Request {
        method: "PUT",
        target: "/",
        path: "/",
        args: Args::default(),
        authorization: None,
        content_type: None,
        body: &[],
        rows: Rows::All,
    };
    query::run(&Call { shared, request: &request, body: Some(body) }, kind)
}

fn parse_body(request: &Request<'_>) -> Result<Option<Value>, HttpError> {
    if request.body.is_empty() {
        return Ok(None);
    }
    let json = request.content_type.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    if !json {
        return Err(HttpError::of(415));
    }
    serde_json::from_slice(request.body)
        .map(Some)
        .map_err(|_| HttpError::new(400, "Unable to parse JSON data"))
}

async fn dispatch(call: Call<'_>, route: Route<'_>) -> Answer {
    let get = call.request.method == "GET";
    match route {
        Route::Root => Ok(Reply::json("null")),
        Route::Version => Ok(Reply::json("2")),
        Route::Features => cluster::features(),
        Route::Info => cluster::info(&call),
        Route::Os => cluster::os(&call).await,
        Route::ClusterModify => cluster::modify(call),
        Route::RedistributeConfig => cluster::redistribute(call),
        Route::Tags(target) if get => tags::get(&call, target),
        Route::Tags(target) => tags::change(call, target),
        Route::Instances if get => instances::list(&call),
        Route::Instances => instances::create(call),
        Route::Instance(name) if get => instances::get(&call, name),
        Route::Instance(name) => instances::delete(call, name),
        Route::InstanceInfo(name) => instances::info(call, name),
        Route::Console(name) => instances::console(&call, name),
        Route::InstanceAction(name, action) => instances::act(call, name, action),
        Route::Grow(name, disk) => instances::grow(call, name, disk),
        Route::Jobs => jobs::list(&call),
        Route::Job(id) if get => jobs::get(&call, id),
        Route::Job(id) => jobs::cancel(&call, id),
        Route::JobWait(id) => jobs::wait(&call, id).await,
        Route::Nodes => nodes::list(&call),
        Route::Node(name) => nodes::get(&call, name),
        Route::NodeRole(name) if get => nodes::role(&call, name),
        Route::NodeRole(name) => nodes::set_role(call, name),
        Route::NodeModify(name) => nodes::modify(call, name),
        Route::Groups if get => groups::list(&call),
        Route::Groups => groups::add(call),
        Route::Group(name) if get => groups::get(&call, name),
        Route::Group(name) => groups::remove(call, name),
        Route::GroupAction(name, action) => groups::act(call, name, action),
        Route::Networks if get => networks::list(&call),
        Route::Networks => networks::add(call),
        Route::Network(name) if get => networks::get(&call, name),
        Route::Network(name) => networks::remove(call, name),
        Route::NetworkAction(name, action) => networks::act(call, name, action),
        Route::Query(kind) => query::run(&call, kind),
        Route::QueryFields(kind) => query::fields(&call, kind),
        Route::Filters if get => filters::list(&call),
        Route::Filters => filters::add(&call),
        Route::Filter(uuid) => match call.request.method {
            "GET" => filters::get(&call, uuid),
            "PUT" => filters::replace(&call, uuid),
            _ => filters::delete(&call, uuid),
        },
        Route::NotSimulated => Err(HttpError::new(501, "This resource is not simulated")),
    }
}
