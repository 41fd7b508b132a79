//! Compiling a crosswalk: names become indexes, steps become [`Op`]s, values made alike are made once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::fast::Pattern;
use crate::finding::{Finding, Place};
use crate::package::crosswalk::{Condition, Crosswalk, FieldMap, Input, Otherwise, Step, TableMap, Test as TestModel};
use crate::package::{Package, Resource};
use crate::schema::TableSchema;

use super::clock::Zone;
use super::date::DateStep;
use super::lookup::Lookup;
use super::number::NumberReader;
use super::project::ProjectStep;
use super::steps::{self, Context, Op, Space, Test, Text, When};
use super::sums::SumPlan;
use super::unit::UnitStep;
use super::{Expr, LostPlan, MapError, MapPlan, Origin, TablePlan, Take, left_out, uuid, wrap};

/// Name of the source of a table that no source row feeds.
const ONCE: &str = "@once";

/// A field map without its target: where the value starts, its steps, what happens otherwise, and the exploded field of a piece.
type Model = (Input, Vec<Step>, Otherwise, Option<usize>);

/// What is being compiled.
struct Compiler<'a> {
    source: &'a TableSchema,
    source_name: &'a str,
    target: &'a Package,
    givens: &'a BTreeMap<String, String>,
    exprs: Vec<Expr>,
    /// The models of `exprs`, to find values that are made alike; `None` for those of row-less tables, which are never shared.
    models: Vec<Option<Model>>,
    /// Source fields that something reads.
    read: BTreeSet<usize>,
    opening: Vec<Finding>,
}

pub(super) fn compile(
    crosswalk: &Crosswalk,
    source: &Package,
    target: &Package,
    source_resource: &str,
    givens: &BTreeMap<String, String>,
) -> Result<MapPlan, MapError> {
    let resource =
        source.resource(source_resource).ok_or_else(|| MapError::UnknownSourceResource { resource: source_resource.to_owned() })?;
    let nothing = TableSchema::of_texts(&[]);
    let mut compiler = Compiler {
        source: &resource.schema,
        source_name: source_resource,
        target,
        givens,
        exprs: Vec::new(),
        models: Vec::new(),
        read: BTreeSet::new(),
        opening: Vec::new(),
    };
    let mut tables = Vec::new();
    for table in crosswalk.tables.iter().filter(|t| t.from == source_resource) {
        tables.push(compiler.table(table)?);
    }
    if tables.is_empty() {
        return Err(MapError::NothingFrom { resource: source_resource.to_owned() });
    }
    let lost = compiler.lost(crosswalk)?;
    left_out::watch(&mut compiler.exprs, resource.schema.fields.len());
    let mut once = Vec::new();
    for table in crosswalk.tables.iter().filter(|t| t.from == ONCE) {
        (compiler.source, compiler.source_name) = (&nothing, ONCE);
        let plan = compiler.table(table)?;
        let text = |expr: usize| match &compiler.exprs[expr].origin {
            Origin::Fixed(text) => text.clone(),
            _ => String::new(),
        };
        let cells = plan.cells.iter().map(|expr| expr.map(text).unwrap_or_default()).collect();
        once.push((plan, cells));
    }
    Ok(MapPlan {
        from: source.reference(),
        to: target.reference(),
        resource: source_resource.to_owned(),
        source_fields: resource.schema.fields.iter().map(|f| Arc::from(f.name.as_str())).collect(),
        exprs: compiler.exprs,
        tables,
        once,
        lost,
        opening: compiler.opening,
    })
}

pub(super) fn wanted_givens(crosswalk: &Crosswalk) -> Vec<String> {
    fn asked<'a>(steps: &'a [Step], names: &mut BTreeSet<&'a str>) {
        for step in steps {
            match step {
                Step::Wrap(before, behind) => names.extend([before, behind].into_iter().flat_map(|text| wrap::names(text))),
                Step::Given(name) | Step::Zone(name) => {
                    names.insert(name);
                }
                Step::When { then, otherwise, .. } => {
                    asked(then, names);
                    asked(otherwise, names);
                }
                _ => {}
            }
        }
    }
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for field in crosswalk.tables.iter().flat_map(|t| &t.fields) {
        if let Input::Given(name) = &field.from {
            names.insert(name);
        }
        asked(&field.steps, &mut names);
    }
    names.into_iter().map(str::to_owned).collect()
}

impl Compiler<'_> {
    fn table(&mut self, table: &TableMap) -> Result<TablePlan, MapError> {
        let (target, resource) = self
            .target
            .resources
            .iter()
            .enumerate()
            .find(|(_, r)| r.name == table.to)
            .ok_or_else(|| MapError::UnknownTargetResource { resource: table.to.clone() })?;
        let explode = match &table.explode {
            Some(explode) => Some((self.field(&explode.field)?, explode.at.clone())),
            None => None,
        };
        let mut skip = Vec::with_capacity(table.skip.len());
        for rule in &table.skip {
            skip.push((self.when(&rule.when)?, rule.why.clone()));
        }
        let mut cells = vec![None; resource.schema.fields.len()];
        let mut order = Vec::new();
        for map in &table.fields {
            let at = target_field(resource, &map.to)?;
            if cells[at].is_some() {
                return Err(MapError::FilledTwice { table: table.to.clone(), field: map.to.clone() });
            }
            order.push(at);
            cells[at] = Some(self.expr(map, explode.as_ref().map(|e| e.0))?);
        }
        let mut distinct = Vec::new();
        for name in &table.distinct {
            if name == "*" {
                distinct.extend((0..cells.len()).filter(|&i| cells[i].is_some()));
            } else {
                distinct.push(target_field(resource, name)?);
            }
        }
        distinct.sort_unstable();
        distinct.dedup();
        if explode.is_some()
            && let Some((_, to)) = table.sums.first()
        {
            let problem = "its total cannot be compared with the source's, because one row gives several".to_owned();
            return Err(MapError::Step { field: to.clone(), problem });
        }
        let mut sums = Vec::with_capacity(table.sums.len());
        for (from, to) in &table.sums {
            let (field, at) = (self.field(from)?, target_field(resource, to)?);
            let wrong = |problem: &str| MapError::Step { field: to.clone(), problem: problem.to_owned() };
            let expr = cells[at].ok_or_else(|| wrong("it cannot be summed, because nothing fills it"))?;
            let ops = &self.exprs[expr].ops;
            if contains(ops, &|op| matches!(op, Op::Unit(_) | Op::Project(_))) {
                return Err(wrong("its total cannot be compared with the source's, because a step changes the amounts"));
            }
            sums.push(SumPlan::new(field, at, from, to, number_reader(ops)));
        }
        let take = |expr: &Option<usize>| match *expr {
            None => Take::Nothing,
            Some(at) => match &self.exprs[at] {
                Expr { origin: Origin::Fixed(_), .. } => Take::Fixed(at),
                Expr { origin: Origin::Field(field), ops, .. } if ops.is_empty() => Take::Copy(*field),
                _ => Take::Made(at),
            },
        };
        let takes: Vec<Take> = cells.iter().map(take).collect();
        let mut makes: Vec<usize> = Vec::new();
        for take in &takes {
            if let Take::Made(at) = *take
                && !makes.contains(&at)
            {
                makes.push(at);
            }
        }
        let is_piece = |at: &usize| matches!(self.exprs[*at].origin, Origin::Piece(_));
        let piece_makes = makes.iter().copied().filter(is_piece).collect();
        Ok(TablePlan {
            target,
            name: table.to.clone(),
            record: resource.record.clone(),
            cells,
            order,
            explode,
            skip,
            distinct,
            sums,
            takes,
            makes,
            piece_makes,
        })
    }

    fn field(&mut self, name: &str) -> Result<usize, MapError> {
        let at = self
            .source
            .index(name)
            .ok_or_else(|| MapError::UnknownSourceField { table: self.source_name.to_owned(), field: name.to_owned() })?;
        self.read.insert(at);
        Ok(at)
    }

    fn when(&mut self, condition: &Condition) -> Result<When, MapError> {
        let test = match &condition.test {
            TestModel::Is(values) => Test::Is(values.clone()),
            TestModel::Not(values) => Test::Not(values.clone()),
            TestModel::Empty(empty) => Test::Empty(*empty),
            TestModel::Unlike(pattern) => Test::Unlike(pattern.clone()),
            TestModel::Matches(pattern) => Test::Matches(pattern.clone(), Pattern::of_whole(pattern.as_str()).map(Box::new)),
        };
        Ok(When { field: self.field(&condition.field)?, test })
    }

    fn expr(&mut self, map: &FieldMap, exploded: Option<usize>) -> Result<usize, MapError> {
        let wrong = |problem: &str| MapError::Step { field: map.to.clone(), problem: problem.to_owned() };
        let piece = if map.from == Input::Piece {
            Some(exploded.ok_or_else(|| wrong("\"@piece\" is used, but no cell of the table is exploded"))?)
        } else {
            None
        };
        let model = (self.source_name != ONCE).then(|| (map.from.clone(), map.steps.clone(), map.otherwise, piece));
        if model.is_some()
            && let Some(at) = self.models.iter().position(|m| *m == model)
        {
            return Ok(at);
        }
        let mut ops = self.steps(&map.steps, map)?;
        let mut before = Vec::new();
        let origin = match &map.from {
            Input::Nothing => Origin::Nothing,
            Input::Field(name) => Origin::Field(self.field(name)?),
            Input::Fields(names) => {
                let mut fields = Vec::with_capacity(names.len());
                for name in names {
                    fields.push(self.field(name)?);
                }
                let joins = |op: &Op| contains(std::slice::from_ref(op), &|o| matches!(o, Op::Concat(_) | Op::First | Op::Project(_)));
                let at = ops
                    .iter()
                    .position(joins)
                    .ok_or_else(|| wrong("several fields need a step that joins them: concat, first or project"))?;
                if contains(&ops, &|op| matches!(op, Op::Project(_))) && fields.len() != 2 {
                    return Err(wrong("\"project\" needs exactly two fields, X and Y"));
                }
                let rest = ops.split_off(at);
                before = std::mem::replace(&mut ops, rest);
                Origin::Fields(fields)
            }
            Input::Piece => Origin::Piece(piece.unwrap_or_default()),
            Input::Given(name) => Origin::Given(self.givens.get(name).cloned().unwrap_or_default()),
        };
        if contains(&ops, &|op| matches!(op, Op::Project(_))) && !matches!(origin, Origin::Fields(_)) {
            return Err(wrong("\"project\" needs exactly two fields, X and Y"));
        }
        let idle = matches!(origin, Origin::Field(_) | Origin::Piece(_)) && ops.iter().all(Op::keeps_empty);
        let (target, watched, others) = (map.to.clone(), Vec::new(), Vec::new());
        let mut expr = Expr { origin, before, ops, otherwise: map.otherwise, target, idle, watched, others };
        self.fix(&mut expr, map)?;
        self.exprs.push(expr);
        self.models.push(model);
        Ok(self.exprs.len() - 1)
    }

    /// Makes the value now when no row can change it, and reports a value that was not given.
    fn fix(&mut self, expr: &mut Expr, map: &FieldMap) -> Result<(), MapError> {
        let text = match &expr.origin {
            Origin::Nothing => String::new(),
            Origin::Given(text) => text.clone(),
            _ => return Ok(()),
        };
        let missing = match &map.from {
            Input::Given(name) if self.givens.get(name).is_none_or(|v| v.is_empty()) => Some(name.clone()),
            _ => None,
        };
        let tell = |opening: &mut Vec<Finding>| {
            if let Some(name) = &missing {
                // The field keeps one missing value apart from another.
                let place = Place { field: Some(map.to.as_str().into()), ..Place::default() };
                opening.push(Finding::new("C511", "", place).arg("name", name.clone()).arg("target", map.to.clone()));
            }
        };
        if contains(&expr.ops, &|op| matches!(op, Op::When { .. })) {
            tell(&mut self.opening);
            return Ok(());
        }
        let context = Context { cells: &[], source: &text, inputs: &[], before: &[] };
        let (mut value, mut space) = (Text::Source(0, text.len()), Space::default());
        steps::run(&expr.ops, &context, &mut value, &mut space).map_err(|fault| match &map.from {
            Input::Given(name) => MapError::Given { name: name.clone(), value: text.clone() },
            _ => MapError::Step { field: map.to.clone(), problem: format!("its constant cannot be treated ({})", fault.code) },
        })?;
        let fixed = match value {
            Text::Source(start, end) => text[start..end].to_owned(),
            Text::Own => space.now,
        };
        if fixed.is_empty() {
            tell(&mut self.opening);
        }
        expr.origin = Origin::Fixed(fixed);
        Ok(())
    }

    fn steps(&mut self, steps: &[Step], map: &FieldMap) -> Result<Vec<Op>, MapError> {
        let mut ops = Vec::with_capacity(steps.len());
        for step in steps {
            ops.push(self.step(step, map)?);
        }
        Ok(ops)
    }

    fn step(&mut self, step: &Step, map: &FieldMap) -> Result<Op, MapError> {
        let wrong = |problem: String| MapError::Step { field: map.to.clone(), problem };
        let joined = || match &map.from {
            Input::Fields(_) => Ok(()),
            _ => Err(wrong("\"concat\" and \"first\" need several fields".to_owned())),
        };
        Ok(match step {
            Step::Trim(end) => Op::Trim(*end),
            Step::Squeeze => Op::Squeeze,
            Step::Case(case) => Op::Case(*case),
            Step::Replace(pairs) => {
                if pairs.iter().any(|(from, _)| from.is_empty()) {
                    return Err(wrong("\"replace\" cannot look for an empty text".to_owned()));
                }
                Op::Replace(pairs.clone())
            }
            Step::Strip(signs) => Op::Strip(signs.chars().collect()),
            Step::Split { at, take } => {
                if at.is_empty() || *take == 0 {
                    return Err(wrong("\"split\" needs a text to split at and a piece counted from 1 or -1".to_owned()));
                }
                Op::Split { at: at.clone(), take: *take }
            }
            Step::Cut { from, to } => {
                if *from == 0 || to < from {
                    return Err(wrong(
                        "\"cut\" needs a first character counted from 1 and a last one that does not come before it".to_owned(),
                    ));
                }
                Op::Cut { from: *from, to: *to }
            }
            Step::Pad { to, with } => {
                if *to > 10_000 {
                    return Err(wrong("\"pad\" fills up to at most 10,000 characters".to_owned()));
                }
                Op::Pad { to: *to, with: *with }
            }
            Step::Number(number) => Op::Number(NumberReader::compile(number).map_err(wrong)?),
            Step::Date { from, to } => Op::Date(DateStep::compile(from, to).map_err(wrong)?),
            Step::Lookup { table, fold } => Op::Lookup(Lookup::of_table(table, *fold)),
            Step::Codes { list, fold } => {
                let codes =
                    self.target.codes.get(list).ok_or_else(|| MapError::UnknownCodeList { field: map.to.clone(), list: list.clone() })?;
                Op::Lookup(Lookup::of_codes(codes, *fold))
            }
            Step::Unit { from, to, places } => Op::Unit(UnitStep::compile(from, to, *places).map_err(wrong)?),
            Step::Project { from, to, take, places } => {
                Op::Project(Box::new(ProjectStep::compile(from, to, *take, *places).map_err(wrong)?))
            }
            Step::Concat(separator) => {
                joined()?;
                Op::Concat(separator.clone())
            }
            Step::First => {
                joined()?;
                Op::First
            }
            Step::Constant(text) => Op::Constant(text.clone()),
            Step::Default(text) => Op::Default(text.clone()),
            Step::Given(name) => Op::Given { name: name.clone(), value: self.givens.get(name).filter(|v| !v.is_empty()).cloned() },
            Step::When { when, then, otherwise } => {
                Op::When { when: self.when(when)?, then: self.steps(then, map)?, otherwise: self.steps(otherwise, map)? }
            }
            Step::Wrap(before, behind) => {
                [before, behind].into_iter().flat_map(|text| wrap::names(text)).for_each(|name| self.want(name, map));
                Op::Wrap(wrap::filled(before, self.givens), wrap::filled(behind, self.givens))
            }
            Step::Epoch(milli) => Op::Epoch { milli: *milli },
            Step::Zone(name) => {
                self.want(name, map);
                let given = self.givens.get(name).filter(|v| !v.is_empty());
                let zone =
                    given.map(|text| Zone::named(text).ok_or_else(|| wrong(format!("\"{text}\" is no zone; there are {}", Zone::names()))));
                Op::Zone { name: name.clone(), zone: zone.transpose()? }
            }
            Step::Uuid(name) => Op::Uuid(uuid::space(&self.target.manifest.id, name)),
        })
    }

    /// Says when a value that a step needs was not given.
    fn want(&mut self, name: &str, map: &FieldMap) {
        if self.givens.get(name).is_none_or(|v| v.is_empty()) {
            let place = Place { field: Some(map.to.as_str().into()), ..Place::default() };
            let finding = Finding::new("C511", "", place).arg("name", name).arg("target", map.to.clone());
            if !self.opening.contains(&finding) {
                self.opening.push(finding);
            }
        }
    }

    /// The fields that are lost: declared ones, and those that nothing reads.
    fn lost(&mut self, crosswalk: &Crosswalk) -> Result<Vec<LostPlan>, MapError> {
        let mut lost: Vec<LostPlan> = Vec::new();
        let read = self.read.clone();
        let here = self.source_name;
        for entry in crosswalk.lost.iter().filter(|l| l.table == here) {
            // `*` stands for all fields that are not read.
            let all = entry.fields.iter().any(|name| name == "*");
            let unread = (0..self.source.fields.len()).filter(|f| all && !read.contains(f));
            let named = entry.fields.iter().filter(|name| *name != "*").map(|name| self.field(name));
            let fields = named.chain(unread.map(Ok)).collect::<Result<Vec<usize>, MapError>>()?;
            for field in fields {
                if !lost.iter().any(|l| l.field == field) {
                    lost.push(LostPlan { field, why: entry.why.clone(), declared: true });
                }
            }
        }
        for field in 0..self.source.fields.len() {
            if !read.contains(&field) && !lost.iter().any(|l| l.field == field) {
                lost.push(LostPlan { field, why: String::new(), declared: false });
            }
        }
        lost.sort_by_key(|l| l.field);
        Ok(lost)
    }
}

fn target_field(resource: &Resource, name: &str) -> Result<usize, MapError> {
    resource.schema.index(name).ok_or_else(|| MapError::UnknownTargetField { table: resource.name.clone(), field: name.to_owned() })
}

/// Whether any of the steps, also those under conditions, is such a one.
fn contains(ops: &[Op], wanted: &dyn Fn(&Op) -> bool) -> bool {
    ops.iter().any(|op| match op {
        Op::When { then, otherwise, .. } => wanted(op) || contains(then, wanted) || contains(otherwise, wanted),
        _ => wanted(op),
    })
}

/// How the amounts of a summed field are written in the source: as its first `number` step says, else plainly.
fn number_reader(ops: &[Op]) -> NumberReader {
    fn find(ops: &[Op]) -> Option<NumberReader> {
        ops.iter().find_map(|op| match op {
            Op::Number(reader) => Some(reader.for_sums()),
            Op::When { then, otherwise, .. } => find(then).or_else(|| find(otherwise)),
            _ => None,
        })
    }
    find(ops).unwrap_or_else(NumberReader::plain)
}
