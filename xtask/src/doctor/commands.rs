//! Which command needs which tools.

use crate::setup::inventory::Tool;

/// A command, or several with the same needs.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    /// The command whose needs it has, too.
    base: Option<&'static Command>,
    needs: &'static [Tool],
    uses: &'static [Tool],
}

impl Command {
    /// Everything that must be there, also what its base needs.
    pub(super) fn needs(&self) -> Vec<Tool> {
        let mut needs = self.base.map(Command::needs).unwrap_or_default();
        needs.extend(self.needs);
        needs
    }

    /// What it can do without; it says what it leaves out then.
    pub(super) fn uses(&self) -> &'static [Tool] {
        self.uses
    }
}

/// The crates' own tests: they run on every system that Rust supports.
pub(super) const CRATES: Command = Command {
    name: "cargo test -p authress-login-protocol",
    base: None,
    needs: &[Tool::Rust, Tool::CCompiler],
    uses: &[],
};

pub(super) const BUILD: Command = Command {
    name: "cargo xtask build, demo",
    base: Some(&CRATES),
    needs: &[Tool::Node, Tool::Npm, Tool::NpmPackages, Tool::WasmLibrary, Tool::WasmBindgen],
    uses: &[],
};

const LINT: Command = Command { name: "cargo xtask lint", base: Some(&BUILD), needs: &[Tool::CargoDeny], uses: &[] };

const TEST: Command = Command {
    name: "cargo xtask test, demo --check",
    base: Some(&LINT),
    needs: &[Tool::WasmPack, Tool::Chromium, Tool::Chromedriver, Tool::Redis],
    uses: &[
        Tool::HeadlessShell,
        Tool::Nginx,
        Tool::SystemdAnalyze,
        Tool::SocketActivate,
        Tool::Promtool,
        Tool::Shellcheck,
        Tool::Wrk,
        Tool::Curl,
        Tool::RedisCli,
        Tool::Kubectl,
    ],
};

const ENGINES: Command = Command {
    name: "cargo xtask test --engines all",
    base: Some(&TEST),
    needs: &[Tool::Firefox, Tool::Geckodriver, Tool::WebkitDriver, Tool::Xvfb, Tool::Xauth],
    uses: &[],
};

const BENCH: Command = Command {
    name: "cargo xtask bench verifier, capacity",
    base: Some(&BUILD),
    needs: &[Tool::Redis, Tool::Wrk],
    uses: &[],
};

const FUZZ: Command = Command { name: "cargo xtask fuzz", base: Some(&CRATES), needs: &[Tool::CargoFuzz], uses: &[] };

const BUILD_RELEASE: Command = Command {
    name: "cargo xtask build --release",
    base: Some(&BUILD),
    needs: &[Tool::PinnedRust, Tool::LibrarySource],
    uses: &[],
};

const RELEASE: Command = Command {
    name: "cargo xtask release --dry-run",
    base: Some(&BUILD_RELEASE),
    needs: &[Tool::CargoDeny, Tool::CargoCyclonedx, Tool::CargoSemverChecks],
    uses: &[],
};

/// The commands of the report, those with the fewest needs first.
pub(super) const ALL: [&Command; 9] =
    [&CRATES, &FUZZ, &BUILD, &LINT, &TEST, &ENGINES, &BENCH, &BUILD_RELEASE, &RELEASE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_for_a_command() {
        for tool in Tool::ALL {
            let is_for = |command: &&Command| command.needs().contains(&tool) || command.uses().contains(&tool);
            assert!(ALL.iter().any(is_for), "{tool:?}");
        }
    }

    #[test]
    fn the_programs_without_which_tests_are_left_out_are_known() {
        let folder = crate::workspace::root().join("crates/verifier/tests");
        let known: Vec<&str> = TEST.uses().iter().map(|tool| super::super::source::name(*tool)).collect();
        let mut found = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let Ok(text) = std::fs::read_to_string(entry.unwrap().path()) else { continue };
            let named = text.split("is_installed(Command::new(\"").skip(1).filter_map(|rest| rest.split('"').next());
            let listed = text.lines().filter(|line| line.contains("is_installed(Command::new(tool))"));
            for name in named.chain(listed.flat_map(|line| line.split('"').skip(1).step_by(2))) {
                assert!(known.contains(&name), "{name} is not among {known:?}");
                found += 1;
            }
        }
        assert!(found > 5, "{found} programs");
    }

    #[test]
    fn a_command_needs_what_its_base_needs() {
        assert_eq!(LINT.needs().first(), Some(&Tool::Rust));
        assert_eq!(LINT.needs().last(), Some(&Tool::CargoDeny));
        assert!(!TEST.needs().contains(&Tool::Nginx));
    }
}
