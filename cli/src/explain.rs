//! `concord explain`.

use std::process::ExitCode;

use concord_core::render;

use crate::args::Explain;
use crate::output::{Failure, print};

pub(crate) fn run(args: &Explain) -> Result<ExitCode, Failure> {
    // A rule's code begins with its standard's id, so nothing else need be loaded; a check's code needs no standard at all.
    let rule = |code: &str| concord_standards::versions_of(code.split('/').next().unwrap_or_default()).rule(code);
    let page = render::explain(&args.code, &rule).ok_or_else(|| Failure::said(format!("there is no code \"{}\"", args.code)))?;
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}
