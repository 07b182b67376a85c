//! `cargo xtask doctor`: what is missing on this machine for each command, and how to get it. Changes nothing.
//!
//! [`setup::inventory`](crate::setup::inventory) looks at the machine. Everything here is a pure function of what it
//! found: which command needs what (`commands`), where a tool comes from (`source`), and the text (`report`).

mod commands;
mod report;
mod source;

use anyhow::{Result, bail};

use crate::setup::inventory;
use report::Report;

/// Prints the report. Fails if `cargo xtask build` cannot run.
pub(crate) fn run() -> Result<()> {
    let machine = inventory::take()?;
    let report = Report::of(&machine);
    print!("{report}");
    if report.can_build() { Ok(()) } else { bail!("`cargo xtask build` cannot run yet: see \"To do\" above") }
}
