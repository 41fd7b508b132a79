//! `concord explain`.

use std::process::ExitCode;

use concord_core::render;

use crate::args::Explain;
use crate::output::{Failure, print};
use crate::target::catalog;

pub(crate) fn run(args: &Explain) -> Result<ExitCode, Failure> {
    let page = render::explain(&args.code, &|code| catalog().rule(code))
        .ok_or_else(|| Failure::said(format!("there is no code \"{}\"", args.code)))?;
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}
