//! The report: a line for each tool, a line for each command, and what to do.

use std::fmt::{self, Display, Formatter};

use super::commands::{self, BUILD, CRATES, Command};
use super::source;
use crate::setup::inventory::{Found, Inventory, Item, Needed, System, Tool};

/// Whether a tool can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// It is missing, and this command installs it; so does each command that needs it.
    Automatic(&'static str),
    Missing,
    WrongVersion,
    /// It is there and cannot be used, for this reason.
    Unusable(String),
}

impl State {
    /// Whether a person has to act.
    fn is_by_hand(&self) -> bool {
        match self {
            State::Ready | State::Automatic(_) => false,
            State::Missing | State::WrongVersion | State::Unusable(_) => true,
        }
    }
}

/// The report on one machine.
#[derive(Debug)]
pub(super) struct Report<'a> {
    machine: &'a Inventory,
    tools: Vec<(&'a Item, State)>,
}

impl<'a> Report<'a> {
    /// Judges what was found.
    pub(super) fn of(machine: &'a Inventory) -> Self {
        Report { machine, tools: machine.items.iter().map(|item| (item, state(item, machine))).collect() }
    }

    /// Whether `cargo xtask build` can run: with what is there and what it installs by itself.
    pub(super) fn can_build(&self) -> bool {
        self.runs_here(&BUILD) && self.by_hand(&BUILD).is_empty()
    }

    /// The commands start shells and Unix programs; the crates' tests do not.
    fn runs_here(&self, command: &Command) -> bool {
        self.machine.system != System::Windows || command.name == CRATES.name
    }

    fn by_hand(&self, command: &Command) -> Vec<Tool> {
        self.needs_in(command, State::is_by_hand)
    }

    fn automatic(&self, command: &Command) -> Vec<Tool> {
        self.needs_in(command, |state| matches!(state, State::Automatic(_)))
    }

    fn needs_in(&self, command: &Command, is_wanted: impl Fn(&State) -> bool) -> Vec<Tool> {
        let needs = command.needs();
        let wanted = self.tools.iter().filter(|(item, state)| needs.contains(&item.tool) && is_wanted(state));
        wanted.map(|(item, _)| item.tool).collect()
    }

    /// One line for each thing to do, with the tools that it is for.
    fn to_do(&self) -> Vec<(String, Vec<Tool>)> {
        let mut lines: Vec<(String, Vec<Tool>)> = Vec::new();
        for (item, state) in &self.tools {
            let what = match state {
                State::Ready => continue,
                State::Automatic(command) => (*command).to_owned(),
                State::Missing | State::WrongVersion => source::how(item.tool, self.machine),
                State::Unusable(reason) => {
                    format!("{reason}: correct that, or {}", source::how(item.tool, self.machine))
                }
            };
            match lines.iter_mut().find(|(line, _)| *line == what) {
                Some((_, tools)) => tools.push(item.tool),
                None => lines.push((what, vec![item.tool])),
            }
        }
        lines
    }

    /// Debian's packages that the set-up installs, for those who would rather do it themselves.
    fn apt_packages(&self) -> Vec<&'static str> {
        let automatic = self.tools.iter().filter(|(_, state)| matches!(state, State::Automatic(_)));
        let mut packages: Vec<_> = automatic.flat_map(|(item, _)| item.tool.apt_packages()).copied().collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    fn command_state(&self, command: &Command) -> String {
        if !self.runs_here(command) {
            return "not on Windows itself: run it in WSL 2".to_owned();
        }
        let by_hand = self.by_hand(command);
        if !by_hand.is_empty() {
            return format!("not yet: {}", names(&by_hand));
        }
        let mut parts = vec!["ready".to_owned()];
        let automatic = self.automatic(command);
        if !automatic.is_empty() {
            parts.push(format!("installs {}", names(&automatic)));
        }
        let lacks = |tool: &&Tool| self.tools.iter().any(|(item, state)| item.tool == **tool && state.is_by_hand());
        let left_out = command.uses().iter().filter(lacks);
        parts.extend(left_out.map(|tool| format!("leaves out what needs {}", source::name(*tool))));
        parts.join("; ")
    }
}

fn state(item: &Item, machine: &Inventory) -> State {
    match &item.found {
        Found::Installed => State::Ready,
        Found::Version(version) if item.needed.accepts(version) => State::Ready,
        Found::Version(_) => State::WrongVersion,
        Found::Unusable(reason) => State::Unusable(reason.clone()),
        Found::Nothing => source::installed_by(item.tool, machine).map_or(State::Missing, State::Automatic),
    }
}

fn names(tools: &[Tool]) -> String {
    tools.iter().map(|tool| source::name(*tool)).collect::<Vec<_>>().join(", ")
}

impl Display for Report<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let system = match self.machine.system {
            System::Apt => "Linux with apt",
            System::OtherUnix => "a Unix without apt",
            System::Macos => "macOS",
            System::Windows => "Windows",
        };
        writeln!(out, "This machine: {system}\n")?;
        writeln!(out, "{:<25}{:<16}{:<18}State", "Tool", "Needed", "Found")?;
        for (item, state) in &self.tools {
            let needed = match &item.needed {
                Needed::Any => "any version".to_owned(),
                Needed::AtLeast(version) => format!("{version} or later"),
                Needed::Exactly(version) => version.clone(),
                Needed::Major(number) => format!("{number}.x"),
            };
            let found = match &item.found {
                Found::Nothing => "-",
                Found::Installed => "yes",
                Found::Version(version) => version,
                Found::Unusable(_) => "unusable",
            };
            let state = match state {
                State::Ready => "ok",
                State::Automatic(_) => "missing; installed when it is needed",
                State::Missing => "missing",
                State::WrongVersion => "another version",
                State::Unusable(reason) => reason,
            };
            writeln!(out, "{:<25}{needed:<16}{found:<18}{state}", source::name(item.tool))?;
        }
        writeln!(out, "\n{:<42}State", "Command")?;
        for command in commands::ALL {
            writeln!(out, "{:<42}{}", command.name, self.command_state(command))?;
        }
        let to_do = self.to_do();
        if to_do.is_empty() {
            return writeln!(out, "\nNothing to do.");
        }
        writeln!(out, "\nTo do, for what you want to run:")?;
        for (what, tools) in to_do {
            writeln!(out, "  {what}\n      for {}", names(&tools))?;
        }
        let packages = self.apt_packages();
        if !packages.is_empty() {
            writeln!(
                out,
                "Setting up needs root or `sudo -v` for apt. Without: sudo apt-get install {}",
                packages.join(" ")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine of this kind that has every tool.
    fn complete(system: System) -> Inventory {
        let item = |tool| Item { tool, needed: Needed::Any, found: Found::Installed };
        Inventory { system, has_rustup: true, items: Tool::ALL.map(item).to_vec() }
    }

    /// The same without these tools.
    fn without(system: System, missing: &[Tool]) -> Inventory {
        let mut machine = complete(system);
        for item in machine.items.iter_mut().filter(|item| missing.contains(&item.tool)) {
            item.found = Found::Nothing;
        }
        machine
    }

    fn text(machine: &Inventory) -> String {
        Report::of(machine).to_string()
    }

    /// The line of the report that begins with these words.
    fn line<'a>(report: &'a str, start: &str) -> &'a str {
        report.lines().find(|line| line.starts_with(start)).unwrap()
    }

    #[test]
    fn a_complete_machine_has_nothing_to_do() {
        for system in [System::Apt, System::OtherUnix, System::Macos] {
            let machine = complete(system);
            assert!(Report::of(&machine).can_build());
            let report = text(&machine);
            assert!(report.ends_with("Nothing to do.\n"), "{report}");
            assert!(line(&report, "cargo xtask test --engines all").ends_with(" ready"));
        }
    }

    #[test]
    fn what_the_set_up_installs_does_not_stop_a_build() {
        let machine = without(System::Apt, &[Tool::NpmPackages, Tool::WasmLibrary, Tool::WasmBindgen]);
        assert!(Report::of(&machine).can_build());
        let report = text(&machine);
        let build = line(&report, "cargo xtask build, demo");
        assert!(build.ends_with("ready; installs npm packages, wasm32 library, wasm-bindgen"), "{build}");
        assert!(report.contains("  cargo xtask setup\n      for npm packages, wasm32 library, wasm-bindgen\n"));
    }

    #[test]
    fn a_missing_compiler_or_node_stops_a_build_and_every_command_that_builds() {
        for tool in [Tool::Rust, Tool::CCompiler, Tool::Node, Tool::Npm] {
            let machine = without(System::Macos, &[tool]);
            assert!(!Report::of(&machine).can_build(), "{tool:?}");
            assert!(line(&text(&machine), "cargo xtask test,").contains("not yet: "), "{tool:?}");
        }
    }

    #[test]
    fn node_is_named_with_what_was_found_what_is_needed_and_how_to_get_it() {
        let mut machine = complete(System::Macos);
        let node = machine.items.iter_mut().find(|item| item.tool == Tool::Node).unwrap();
        node.needed = Needed::AtLeast("20".to_owned());
        node.found = Found::Version("18.20.4".to_owned());
        let report = text(&machine);
        let words: Vec<&str> = line(&report, "Node.js").split_whitespace().collect();
        assert_eq!(words, ["Node.js", "20", "or", "later", "18.20.4", "another", "version"]);
        assert!(report.contains("  brew install node\n      for Node.js\n"), "{report}");
        assert!(!Report::of(&machine).can_build());
    }

    #[test]
    fn the_wasm32_library_needs_rustup_or_apt() {
        let mut machine = without(System::OtherUnix, &[Tool::WasmLibrary]);
        assert!(Report::of(&machine).can_build());
        machine.has_rustup = false;
        assert!(!Report::of(&machine).can_build());
        machine.system = System::Apt;
        assert!(Report::of(&machine).can_build());
    }

    #[test]
    fn tools_of_tests_are_no_reason_against_a_build() {
        let missing = [Tool::Chromium, Tool::Redis, Tool::Firefox, Tool::Wrk, Tool::PinnedRust];
        let machine = without(System::OtherUnix, &missing);
        assert!(Report::of(&machine).can_build());
        let report = text(&machine);
        assert!(line(&report, "cargo xtask test,").ends_with("not yet: Chromium, Redis"));
        assert!(line(&report, "cargo xtask bench").ends_with("not yet: Redis, wrk"));
        assert!(line(&report, "cargo xtask build --release").ends_with("not yet: Rust, to publish"));
        assert!(report.contains("Debian's packages are: redis-server\n"), "{report}");
    }

    #[test]
    fn tests_run_without_nginx() {
        let machine = without(System::Macos, &[Tool::Nginx]);
        let report = text(&machine);
        assert!(line(&report, "cargo xtask test,").ends_with("ready; leaves out what needs nginx"));
        assert!(report.contains("  brew install nginx\n"));
    }

    #[test]
    fn packages_that_apt_has_are_named_once() {
        let machine = without(System::Apt, &[Tool::Chromium, Tool::Chromedriver, Tool::Redis]);
        let report = text(&machine);
        assert!(report.ends_with("sudo apt-get install chromium chromium-driver redis-server\n"), "{report}");
    }

    #[test]
    fn a_program_that_does_not_run_is_no_tool() {
        let mut machine = complete(System::Apt);
        let node = machine.items.iter_mut().find(|item| item.tool == Tool::Node).unwrap();
        node.found = Found::Unusable("/usr/bin/node does not run".to_owned());
        assert!(!Report::of(&machine).can_build());
        let report = text(&machine);
        assert!(line(&report, "Node.js").ends_with("/usr/bin/node does not run"));
        assert!(report.contains("  /usr/bin/node does not run: correct that, or sudo apt-get install nodejs npm\n"));
    }

    #[test]
    fn windows_runs_the_tests_of_the_crates_and_sends_the_rest_to_linux() {
        let machine = complete(System::Windows);
        assert!(!Report::of(&machine).can_build());
        let report = text(&machine);
        assert!(line(&report, "cargo test").ends_with(" ready"));
        assert!(line(&report, "cargo xtask build, demo").ends_with("run it in WSL 2"));
        let without_compiler = text(&without(System::Windows, &[Tool::CCompiler, Tool::Redis]));
        assert!(line(&without_compiler, "cargo test").ends_with("not yet: C compiler"));
        assert!(without_compiler.contains("winget install"), "{without_compiler}");
    }
}
