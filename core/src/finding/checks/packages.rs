//! Stage 9: packages and schemas.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
