//! Stage 5: conversion and loss.

use super::Check;

pub(super) const CHECKS: &[Check] = &[];
