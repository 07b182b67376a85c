//! Set-up, build, test and demo commands of this workspace.
fn main() {}
