//! Making versions. A comparison may take its time, so it happens before the unit of writing; when something about the subject changed
//! meanwhile, it happens again.

use serde_json::json;

use super::check::objections;
use super::name::Name;
use super::read::{self, Seen, Stored};
use super::schema::{Proposal, guid};
use super::settings::{Level, Mode, effective, mode};
use super::{Refusal, State, Wanted};
use crate::compare::Judge;
use crate::db::{self, Database, Fault, Statements, one};
use crate::keep::{audit, keep_content, next_number, now, take_number};

/// What a registration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Under which name.
    pub name: Name,
    /// What.
    pub proposal: Proposal,
    /// With this id, as another registry gave it.
    pub id: Option<i64>,
    /// With this version number.
    pub version: Option<i64>,
}

/// The id and version that a registration came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Of the schema.
    pub id: i64,
    /// Of the subject.
    pub version: i64,
}

/// All about a subject on which a decision to take a version rests.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Basis {
    mode: Mode,
    level: Level,
    versions: Vec<(i64, i64, State)>,
    references: Vec<Option<i64>>,
}

fn basis(s: &mut dyn Statements, wish: &Wish) -> Result<Basis, Refusal> {
    let mut references = Vec::new();
    for reference in &wish.proposal.references {
        let to = Name::parse(&reference.subject, &wish.name.context);
        let found = read::version(s, &to, Wanted::Number(reference.version), Seen::Live);
        references.push(found.ok().map(|found| found.schema.id));
    }
    Ok(Basis {
        mode: mode(s, &wish.name)?,
        level: effective(s, &wish.name)?,
        versions: read::numbers(s, &wish.name, Seen::Live)?,
        references,
    })
}

fn schemas(s: &mut dyn Statements, name: &Name, basis: &Basis) -> Result<Vec<(i64, Stored)>, Refusal> {
    let needed =
        if basis.level.transitive() { &basis.versions[..] } else { basis.versions.last().map(std::slice::from_ref).unwrap_or_default() };
    needed.iter().map(|(version, id, _)| Ok((*version, read::schema(s, &name.context, *id)?))).collect()
}

/// How often a decision is made anew because others were faster.
const ATTEMPTS: usize = 50;

/// Takes a version, or finds that it is there already.
///
/// # Errors
/// 40901 when it is not compatible, 42201 when a reference is missing, 42205 and 42207 when the mode or the ids do not allow it.
pub fn register(database: &dyn Database, judge: &dyn Judge, wish: &Wish, actor: &str) -> Result<Registered, Refusal> {
    wish.name.check()?;
    if wish.name.standard().is_some() {
        return Err(Refusal::new(
            42205,
            format!("Subject {} belongs to a standard; its versions are made by publishing the standard", wish.name),
        ));
    }
    let identity = wish.proposal.identity();
    for _ in 0..ATTEMPTS {
        let (there, basis, old) = db::read(database, |s| {
            let there = read::lookup(s, &wish.name, &identity, Seen::Live)?;
            let basis = basis(s, wish)?;
            let old = if there.is_some() { Vec::new() } else { schemas(s, &wish.name, &basis)? };
            Ok::<_, Refusal>((there, basis, old))
        })?;
        if let Some((version, id)) = there.filter(|(_, id)| wish.id.is_none_or(|wanted| wanted == *id)) {
            return Ok(Registered { id, version });
        }
        decide(judge, wish, &basis, &old)?;
        let done = db::write(database, |s| {
            let there = read::lookup(s, &wish.name, &identity, Seen::Live)?;
            if there.is_some() || self::basis(s, wish)? != basis {
                return Ok::<_, Refusal>(None);
            }
            add(s, wish, actor).map(Some)
        })?;
        if let Some(registered) = done {
            return Ok(registered);
        }
    }
    Err(Refusal::new(50002, "The subject changed too often meanwhile; try again"))
}

/// Whether the version may be taken as things stand.
fn decide(judge: &dyn Judge, wish: &Wish, basis: &Basis, old: &[(i64, Stored)]) -> Result<(), Refusal> {
    let name = &wish.name;
    match basis.mode {
        Mode::ReadOnly | Mode::ReadOnlyOverride => return Err(Refusal::new(42205, format!("Subject {name} is in read-only mode"))),
        Mode::Import if wish.id.is_none() => return Err(Refusal::new(42205, format!("Subject {name} is in import mode"))),
        Mode::ReadWrite if wish.id.is_some() => return Err(Refusal::new(42205, format!("Subject {name} is not in import mode"))),
        Mode::Import | Mode::ReadWrite => {}
    }
    if let Some(missing) = wish.proposal.references.iter().zip(&basis.references).find_map(|(r, found)| found.is_none().then_some(r)) {
        let message =
            format!("Invalid schema: there is no version {} of the subject '{}' that it refers to.", missing.version, missing.subject);
        return Err(Refusal::new(42201, message));
    }
    if basis.mode == Mode::Import {
        return Ok(());
    }
    let found = objections(judge, basis.level, &wish.proposal, old)?;
    if found.is_empty() {
        return Ok(());
    }
    let details = found.join("; ");
    let message = format!("Schema being registered is incompatible with an earlier schema for subject \"{name}\", details: [{details}]");
    Err(Refusal::new(40901, message))
}

/// Writes a version that was decided on.
pub(crate) fn add(s: &mut dyn Statements, wish: &Wish, actor: &str) -> Result<Registered, Refusal> {
    let (name, proposal) = (&wish.name, &wish.proposal);
    let id = keep_schema(s, &name.context, proposal, wish.id)?;
    let sql = "SELECT COALESCE(MAX(version), 0) FROM versions WHERE context = ?1 AND subject = ?2";
    let last = one(s, sql, &[(&name.context).into(), (&name.subject).into()])?.map_or(Ok(0), |row| row.int(0))?;
    let version = match wish.version {
        Some(wanted) if wish.id.is_some() => {
            if wanted <= last {
                return Err(Refusal::new(42205, format!("Version {wanted} of subject {name} was given out already")));
            }
            wanted
        }
        Some(wanted) if wanted != last + 1 => {
            return Err(Refusal::new(42201, format!("Invalid schema: the next version of the subject is {}, not {wanted}.", last + 1)));
        }
        _ => last + 1,
    };
    let sql = "INSERT INTO versions (context, subject, version, id, state, at) VALUES (?1, ?2, ?3, ?4, 0, ?5)";
    s.run(sql, &[(&name.context).into(), (&name.subject).into(), version.into(), id.into(), now().into()])?;
    for reference in &proposal.references {
        let to = Name::parse(&reference.subject, &name.context);
        let sql = "INSERT INTO version_refs (context, subject, version, name, to_context, to_subject, to_version) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let with = [
            (&name.context).into(),
            (&name.subject).into(),
            version.into(),
            (&reference.name).into(),
            (&to.context).into(),
            (&to.subject).into(),
            reference.version.into(),
        ];
        s.run(sql, &with)?;
    }
    let detail = json!({"version": version, "id": id, "guid": guid(&proposal.identity())});
    audit::append(s, actor, "register", &name.to_string(), &detail)?;
    Ok(Registered { id, version })
}

/// The id of a schema in a context: the one that it has, or a new one.
fn keep_schema(s: &mut dyn Statements, context: &str, proposal: &Proposal, wanted: Option<i64>) -> Result<i64, Refusal> {
    let identity = proposal.identity();
    let known = one(s, "SELECT id FROM schemas WHERE context = ?1 AND identity = ?2", &[context.into(), identity.as_slice().into()])?;
    let known = known.map(|row| row.int(0)).transpose()?;
    let taken = |id| Refusal::new(42207, format!("Overwrite new schema with id {id} is not permitted."));
    let counter = format!("id {context}");
    let id = match (known, wanted) {
        (Some(known), None) => return Ok(known),
        (Some(known), Some(wanted)) if known == wanted => return Ok(known),
        (Some(_), Some(wanted)) => return Err(taken(wanted)),
        (None, Some(wanted)) => {
            let sql = "SELECT id FROM schemas WHERE context = ?1 AND id = ?2";
            if !(1..=i64::from(i32::MAX)).contains(&wanted) || one(s, sql, &[context.into(), wanted.into()])?.is_some() {
                return Err(taken(wanted));
            }
            take_number(s, &counter, wanted)?;
            wanted
        }
        (None, None) => next_number(s, &counter)?,
    };
    let content = keep_content(s, proposal.text.as_bytes())?;
    let references = serde_json::to_string(&proposal.references).map_err(|e| Fault(e.to_string()))?;
    let sql = "INSERT INTO schemas (context, id, identity, guid, kind, content, refs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let with = [
        context.into(),
        id.into(),
        identity.as_slice().into(),
        (&guid(&identity)).into(),
        proposal.kind.word().into(),
        content.as_slice().into(),
        (&references).into(),
    ];
    s.run(sql, &with)?;
    Ok(id)
}
