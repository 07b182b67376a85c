//! The packages' TypeScript types: the reports of what they make public.

use anyhow::Result;

use crate::setup::BuildTools;
use crate::{programs, workspace};

/// Writes the reports. The difference is for a person to review and commit.
pub(crate) fn write_report(tools: &BuildTools) -> Result<()> {
    programs::run(tools.node.command().current_dir(workspace::root()).arg("tests/types/api-report.mjs"))
}
