//! The routes that change something, and those that ask a question with a body.

use serde::Deserialize;
use serde_json::{Value, json};
use warp::http::Method;

use super::reads::{version_json, visible};
use super::{Good, Query, Route, VersionPart};
use crate::Registry;
use crate::access::{Caller, Right};
use crate::db;
use crate::keep::subjects::check::objections;
use crate::keep::subjects::read::{self, Seen};
use crate::keep::subjects::register::{Wish, register};
use crate::keep::subjects::settings::{self, Level, Mode, Setting};
use crate::keep::subjects::{Kind, Name, Proposal, Reference, Refusal, Wanted, delete};

/// A schema as a body has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemaBody {
    schema: Option<String>,
    schema_type: Option<String>,
    references: Option<Vec<Reference>>,
    id: Option<i64>,
    version: Option<i64>,
    metadata: Option<Value>,
    rule_set: Option<Value>,
    schema_tags_to_add: Option<Value>,
    schema_tags_to_remove: Option<Value>,
}

impl SchemaBody {
    fn proposal(&self, normalize: bool) -> Result<Proposal, Refusal> {
        let kind = Kind::parse(self.schema_type.as_deref())?;
        // What would be kept without having any effect is not taken in silence.
        if [&self.rule_set, &self.metadata, &self.schema_tags_to_add, &self.schema_tags_to_remove].iter().any(|part| part.is_some()) {
            return Err(Refusal::new(42210, "Rule sets, metadata and tags are not kept here"));
        }
        let text = self.schema.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| Refusal::new(42201, "Empty schema"))?;
        Proposal::new(kind, text, self.references.clone().unwrap_or_default(), normalize)
    }

    fn wish(&self, name: &Name, normalize: bool) -> Result<Wish, Refusal> {
        // Clients send -1 for what the registry shall choose.
        let given = |number: Option<i64>| number.filter(|n| *n > 0);
        Ok(Wish { name: name.clone(), proposal: self.proposal(normalize)?, id: given(self.id), version: given(self.version) })
    }
}

fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new(400, format!("The body cannot be read: {error}")))
}

pub(super) fn write(
    registry: &Registry,
    caller: &Caller,
    method: &Method,
    route: &Route,
    query: &Query,
    body: &[u8],
) -> Result<Good, Refusal> {
    let database = registry.database();
    let actor = caller.actor.as_str();
    let normalize = query.flag("normalize");
    Ok(match (method, route) {
        (&Method::POST, Route::Versions(name)) => {
            may_publish(caller, name)?;
            let wish = parse::<SchemaBody>(body)?.wish(name, normalize)?;
            Good::Json(json!({"id": register(database, registry.judge(), &wish, actor)?.id}))
        }
        (&Method::POST, Route::Subject(name)) => {
            visible(caller, name)?;
            let proposal = parse::<SchemaBody>(body)?.proposal(normalize);
            let seen = Seen::of(query.flag("deleted"), false);
            Good::Json(db::read(database, |s| {
                read::versions(s, name, seen)?;
                let found = read::lookup(s, name, &proposal?.identity(), seen)?;
                let (version, _) = found.ok_or_else(|| Refusal::new(40403, "Schema not found"))?;
                Ok::<_, Refusal>(version_json(&read::version(s, name, Wanted::Number(version), seen)?))
            })?)
        }
        (&Method::POST, Route::Compatibility { name, version }) => {
            visible(caller, name)?;
            Good::Json(compatibility(registry, name, version.as_deref(), query, body)?)
        }
        (&Method::DELETE, Route::Subject(name)) => {
            may_publish(caller, name)?;
            Good::Json(json!(db::write(database, |s| delete::subject(s, name, query.flag("permanent"), actor))?))
        }
        (&Method::DELETE, Route::Version { name, version, part: VersionPart::Whole }) => {
            may_publish(caller, name)?;
            let wanted = Wanted::parse(version)?;
            Good::Json(json!(db::write(database, |s| delete::version(s, name, wanted, query.flag("permanent"), actor))?))
        }
        (&Method::DELETE, Route::Context(context)) => {
            may_settle(caller)?;
            db::write(database, |s| delete::context(s, context, actor))?;
            Good::Empty
        }
        (&Method::PUT, Route::Config(name)) => {
            may_set(caller, name)?;
            let level = level(body)?;
            db::write(database, |s| settings::set(s, name, level, actor))?;
            Good::Json(json!({"compatibility": level.word()}))
        }
        (&Method::PUT, Route::Mode(name)) => {
            may_set(caller, name)?;
            #[derive(Deserialize)]
            struct Body {
                mode: Option<String>,
            }
            let mode = Mode::parse(parse::<Body>(body)?.mode.as_deref().unwrap_or_default())?;
            if mode == Mode::ReadOnlyOverride && !name.scope().is_empty() {
                return Err(Refusal::new(42204, "Invalid mode. READONLY_OVERRIDE holds for all subjects"));
            }
            db::write(database, |s| settings::set_mode(s, name, mode, query.flag("force"), actor))?;
            Good::Json(json!({"mode": mode.word()}))
        }
        (&Method::DELETE, Route::Config(name)) => {
            may_set(caller, name)?;
            Good::Json(json!({"compatibilityLevel": db::write(database, |s| settings::unset::<Level>(s, name, actor))?.word()}))
        }
        (&Method::DELETE, Route::Mode(name)) => {
            may_set(caller, name)?;
            Good::Json(json!({"mode": db::write(database, |s| settings::unset::<Mode>(s, name, actor))?.word()}))
        }
        _ => return Err(super::status(405)),
    })
}

/// Who may not make versions of a subject learns as little as if it were not there.
fn may_publish(caller: &Caller, name: &Name) -> Result<(), Refusal> {
    if caller.may_subject(Right::Publish, name) { Ok(()) } else { Err(Refusal::no_subject(name)) }
}

/// What holds for all is for those who may do everything.
fn may_settle(caller: &Caller) -> Result<(), Refusal> {
    if caller.may(Right::Admin, "") { Ok(()) } else { Err(Refusal::new(40301, "Only a token with the scope admin may do this")) }
}

fn may_set(caller: &Caller, name: &Name) -> Result<(), Refusal> {
    if name.subject.is_empty() {
        return may_settle(caller);
    }
    may_publish(caller, name)?;
    if name.standard().is_some() {
        return Err(Refusal::new(42205, format!("Subject {name} belongs to a standard, which settles this by itself")));
    }
    name.check()
}

fn level(body: &[u8]) -> Result<Level, Refusal> {
    let parsed: serde_json::Map<String, Value> = parse(body)?;
    // Other things that newer clients can set would have no effect here.
    let other = parsed.iter().find(|(name, value)| *name != "compatibility" && !value.is_null());
    if let Some((name, _)) = other {
        return Err(Refusal::new(42203, format!("Only compatibility can be set here, not {}", crate::problem::shown(name))));
    }
    Level::parse(parsed.get("compatibility").and_then(Value::as_str).unwrap_or_default())
}

/// Whether a schema could be the subject's next version; changes nothing.
fn compatibility(registry: &Registry, name: &Name, version: Option<&str>, query: &Query, body: &[u8]) -> Result<Value, Refusal> {
    let wanted = version.map(Wanted::parse).transpose()?;
    let proposal = parse::<SchemaBody>(body)?.proposal(query.flag("normalize"))?;
    let (level, old) = db::read(registry.database(), |s| {
        let level: Level = settings::effective(s, name)?;
        let numbers = match wanted {
            Some(wanted) => {
                let found = read::version(s, name, wanted, Seen::Live)?;
                vec![(found.version, found.schema)]
            }
            None => {
                let mut all = Vec::new();
                for (version, id, _) in read::numbers(s, name, Seen::Live)? {
                    all.push((version, read::schema(s, &name.context, id)?));
                }
                all
            }
        };
        Ok::<_, Refusal>((level, numbers))
    })?;
    let found = objections(registry.judge(), level, &proposal, &old)?;
    let mut answer = json!({"is_compatible": found.is_empty()});
    if query.flag("verbose") {
        answer["messages"] = json!(found);
    }
    Ok(answer)
}
