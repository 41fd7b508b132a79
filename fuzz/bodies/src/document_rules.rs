//! Rules beside the schema of alerts, held against documents of XML.

use std::sync::{Arc, OnceLock};

use concord_core::check::dataset::Options;
use concord_core::check::plan::StandardPlan;
use concord_core::render::{self, Format};
use concord_core::session::{Choice, Session};

use crate::input::Input;

fn choice() -> &'static Choice {
    static CHOICE: OnceLock<Choice> = OnceLock::new();
    CHOICE.get_or_init(|| {
        let package = concord_standards::catalog().find("cap@1.2").expect("the package is embedded");
        Choice::Given(Arc::new(StandardPlan::of_package(package)))
    })
}

fn report(file: &[u8], piece: usize) -> String {
    let mut session = Session::new("f.xml", choice().clone(), Options::default(), false);
    file.chunks(piece.max(1)).for_each(|p| session.push(p));
    render::render(&session.finish(), Format::Json, &render::Options::default())
}

/// A byte chooses the cuts and what is put around the rest: nothing, an alert, or an alert with the part that holds areas and resources.
pub fn document_rules(data: &[u8]) {
    let mut input = Input::new(data);
    let how = input.byte();
    let (before, after): (&[u8], &[u8]) = match how >> 6 {
        0 | 1 => (b"", b""),
        2 => (b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'>", b"</alert>"),
        _ => (b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><info>", b"</info></alert>"),
    };
    let file = [before, input.rest(), after].concat();
    let whole = report(&file, usize::MAX);
    for piece in [1, 1 + usize::from(how & 0x3f)] {
        assert_eq!(report(&file, piece), whole, "pieces of {piece} bytes give another report");
    }
}
