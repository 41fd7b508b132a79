//! Single steps tried on texts, for those who look for the steps that fit.

use super::date::DateStep;
use super::number::NumberReader;
use crate::package::crosswalk::NumberStep;

/// A `date` step; `None` when its forms cannot be used. What it cannot read gives nothing.
pub(crate) fn date(from: &[String], to: &str) -> Option<impl Fn(&str) -> Option<String> + use<>> {
    let step = DateStep::compile(from, to).ok()?;
    Some(move |text: &str| {
        let mut out = String::new();
        step.convert(text, &mut out).ok().map(|()| out)
    })
}

/// A `number` step; `None` when it cannot be used. What it cannot read gives nothing.
pub(crate) fn number(step: &NumberStep) -> Option<impl Fn(&str) -> Option<String> + use<>> {
    let reader = NumberReader::compile(step).ok()?;
    Some(move |text: &str| {
        let mut out = String::new();
        reader.convert(text, &mut out).ok().map(|()| out)
    })
}
