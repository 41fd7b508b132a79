//! `concord explain`.

use std::process::ExitCode;

use concord_core::finding::RuleWords;
use concord_core::render;

use crate::args::Explain;
use crate::output::{Failure, print};
use crate::target::catalog;

/// The words of a standard's rule by its code, `<standard>/<rule>`.
pub(crate) fn rule_words(code: &str) -> Option<RuleWords> {
    let (standard, rule) = code.split_once('/')?;
    let package = catalog().find(standard)?;
    let rule = package.rules.iter().find(|r| r.id == rule)?;
    Some(RuleWords { code: code.to_owned(), title: rule.title.clone(), why: rule.why.clone(), mend: rule.mend.clone() })
}

pub(crate) fn run(args: &Explain) -> Result<ExitCode, Failure> {
    let page = render::explain(&args.code, &rule_words).ok_or_else(|| Failure::said(format!("there is no code \"{}\"", args.code)))?;
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}
