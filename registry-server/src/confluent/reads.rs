//! The routes that look something up.

use serde_json::{Value, json};

use super::{Good, IdPart, Query, Route, VersionPart};
use crate::Registry;
use crate::access::{Caller, Right};
use crate::db::{self, Statements};
use crate::keep::subjects::name::{DEFAULT, Name};
use crate::keep::subjects::read::{self, Found, Part, Prefix, Seen, Stored};
use crate::keep::subjects::settings::{self, Level, Mode, Setting};
use crate::keep::subjects::{Kind, Refusal, Wanted};

/// Most schemas in one answer; the rest by `offset`.
const MOST_SCHEMAS: usize = 1000;

pub(super) fn read(registry: &Registry, caller: &Caller, route: &Route, query: &Query) -> Result<Good, Refusal> {
    let seen = Seen::of(query.flag("deleted"), query.flag("deletedOnly"));
    let part = Part { offset: query.count("offset").unwrap_or(0), limit: query.count("limit") };
    let sees = |name: &Name| caller.may_subject(Right::Read, name);
    db::read(registry.database(), |s| {
        Ok(match route {
            Route::Types => Good::Json(json!(Kind::ALL.map(Kind::word))),
            Route::Contexts => {
                let mut all = read::contexts(s)?;
                // A context in which there is nothing to be seen is not there.
                let mut shown = Vec::new();
                for context in all.drain(..) {
                    let prefix = Prefix { context: Some(context.clone()), subject: String::new() };
                    if context == DEFAULT || read::subjects(s, &prefix, Seen::All)?.iter().any(sees) {
                        shown.push(context);
                    }
                }
                Good::Json(json!(part.of(shown)))
            }
            Route::Subjects { context } => {
                let prefix = Prefix::parse(query.text("subjectPrefix"), context);
                let names = read::subjects(s, &prefix, seen)?.into_iter().filter(sees).map(|name| name.to_string()).collect();
                Good::Json(json!(part.of::<String>(names)))
            }
            Route::Schemas { context } => {
                let prefix = Prefix::parse(query.text("subjectPrefix"), context);
                let mut all = read::pointers(s, &prefix, seen, query.flag("latestOnly"))?;
                all.retain(|(name, ..)| sees(name));
                let part = Part { limit: Some(part.limit.unwrap_or(MOST_SCHEMAS).min(MOST_SCHEMAS)), ..part };
                let mut shown = Vec::new();
                for (name, version, id, state) in part.of(all) {
                    let schema = read::schema(s, &name.context, id)?;
                    shown.push(version_json(&Found { name, version, state, schema }));
                }
                Good::Json(Value::Array(shown))
            }
            Route::Id { context, id, part: of } => by_id(s, caller, context, *id, *of, query)?,
            Route::Guid { guid, ids } => {
                let missing = || Refusal::no_schema(crate::problem::shown(guid));
                let mut shown = Vec::new();
                for (context, id) in read::ids_of_guid(s, guid)? {
                    if read::users_of_id(s, &context, id, Seen::All)?.iter().any(|(name, ..)| sees(name)) {
                        shown.push((context, id));
                    }
                }
                let (context, id) = shown.first().ok_or_else(missing)?;
                if *ids {
                    Good::Json(shown.iter().map(|(context, id)| json!({"context": context, "id": id})).collect())
                } else {
                    Good::Json(schema_json(&read::schema(s, context, *id)?, None))
                }
            }
            Route::Versions(name) => {
                visible(caller, name)?;
                Good::Json(json!(part.of(read::versions(s, name, seen)?)))
            }
            Route::Version { name, version, part: of } => {
                visible(caller, name)?;
                let found = read::version(s, name, Wanted::parse(version)?, seen)?;
                match of {
                    VersionPart::Whole => Good::Json(version_json(&found)),
                    VersionPart::Text => Good::Text(found.schema.text),
                    VersionPart::ReferencedBy => {
                        let users = read::referrers(s, name, found.version, Seen::Live)?;
                        let mut ids: Vec<i64> = users.iter().filter(|(name, ..)| sees(name)).map(|(_, _, id, _)| *id).collect();
                        ids.sort_unstable();
                        ids.dedup();
                        Good::Json(json!(part.of(ids)))
                    }
                }
            }
            Route::Config(name) => Good::Json(json!({"compatibilityLevel": setting::<Level>(s, caller, name, query)?.word()})),
            Route::Mode(name) => Good::Json(json!({"mode": setting::<Mode>(s, caller, name, query)?.word()})),
            Route::Subject(_) | Route::Compatibility { .. } | Route::Context(_) => return Err(super::status(405)),
        })
    })
}

/// A subject that the caller may not know of is as one that is not there.
pub(super) fn visible(caller: &Caller, name: &Name) -> Result<(), Refusal> {
    if caller.may_subject(Right::Read, name) { Ok(()) } else { Err(Refusal::no_subject(name)) }
}

/// What is set for exactly this name, or what holds for it when that is asked for.
fn setting<S: Setting>(s: &mut dyn Statements, caller: &Caller, name: &Name, query: &Query) -> Result<S, Refusal> {
    let whole = name.subject.is_empty();
    if !whole && !caller.may_subject(Right::Read, name) {
        return Err(S::not_set(name));
    }
    if whole || query.flag("defaultToGlobal") {
        return Ok(settings::effective(s, name)?);
    }
    settings::own(s, &name.scope())?.ok_or_else(|| S::not_set(name))
}

fn by_id(s: &mut dyn Statements, caller: &Caller, context: &str, id: i64, part: IdPart, query: &Query) -> Result<Good, Refusal> {
    // The parameter says in which context the id is meant.
    let context = query.text("subject").map_or_else(|| context.to_owned(), |subject| Name::parse(subject, context).context);
    let mut users = read::users_of_id(s, &context, id, Seen::All)?;
    users.retain(|(name, ..)| caller.may_subject(Right::Read, name));
    if users.is_empty() {
        return Err(Refusal::no_schema(id));
    }
    let seen = if query.flag("deleted") { Seen::All } else { Seen::Live };
    let wanted = query.text("subject").map(|subject| Name::parse(subject, &context)).filter(|name| !name.subject.is_empty());
    let users = users.into_iter().filter(|(_, _, _, state)| seen == Seen::All || state.number() == 0);
    Ok(match part {
        IdPart::Whole => {
            let highest = if query.flag("fetchMaxId") { Some(read::highest_id(s, &context)?) } else { None };
            Good::Json(schema_json(&read::schema(s, &context, id)?, highest))
        }
        IdPart::Text => Good::Text(read::schema(s, &context, id)?.text),
        IdPart::Subjects => {
            let mut names: Vec<String> =
                users.filter(|(name, ..)| wanted.as_ref().is_none_or(|w| w == name)).map(|(name, ..)| name.to_string()).collect();
            names.dedup();
            Good::Json(json!(names))
        }
        IdPart::Versions => {
            let all = users.filter(|(name, ..)| wanted.as_ref().is_none_or(|w| w == name));
            Good::Json(all.map(|(name, version, ..)| json!({"subject": name.to_string(), "version": version})).collect())
        }
    })
}

/// A schema alone.
fn schema_json(schema: &Stored, highest: Option<i64>) -> Value {
    let mut shown = json!({"schemaType": schema.kind.word(), "schema": schema.text});
    if !schema.references.is_empty() {
        shown["references"] = json!(schema.references);
    }
    if let Some(highest) = highest {
        shown["maxId"] = highest.into();
    }
    shown
}

/// A schema as the version of a subject.
pub(super) fn version_json(found: &Found) -> Value {
    let mut shown = schema_json(&found.schema, None);
    shown["subject"] = found.name.to_string().into();
    shown["version"] = found.version.into();
    shown["id"] = found.schema.id.into();
    shown
}
