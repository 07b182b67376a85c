//! The files in `deploy/`, and the programs that read them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use authress_verifier::SETTINGS;

use super::program::command;
use super::{key, write_secret};

/// The folder `deploy` of this repository.
pub(crate) fn deploy_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").canonicalize().unwrap()
}

pub(crate) fn deploy(name: &str) -> String {
    std::fs::read_to_string(deploy_folder().join(name)).unwrap()
}

/// A temporary folder that is removed after the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("authress-deploy-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Returns the contents of its log files.
    pub(crate) fn logs(&self) -> String {
        let files = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|end| end == "log"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes an access key of the service client that the examples name.
    pub(crate) fn write_access_key(&self) -> PathBuf {
        let path = self.0.join("key");
        write_secret(&path, &key().text.replacen("sc_shop", "sc_YOUR_SERVICE_CLIENT", 1));
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns whether an optional tool is installed.
pub(crate) fn is_installed(mut tool: Command) -> bool {
    let found = tool.arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        super::not_run(&format!("{} is not installed", tool.get_program().display()));
    }
    found
}

/// Runs `--check` on the settings of a file.
pub(crate) fn check(name: &str, settings: &str) {
    check_with(name, settings, &[]);
}

/// Runs `--check` on the settings of a file and of variables, with an access key of the service client that the examples
/// name. The key's file is one of the test.
pub(crate) fn check_with(name: &str, settings: &str, variables: &[(&str, &str)]) {
    let folder = Folder::new(name);
    let file = folder.write("verifier.toml", settings);
    let mut command = command(variables);
    command.env_remove("LISTEN").env("AUTHRESS_ACCESS_KEY_FILE", folder.write_access_key());
    let Output { status, stdout, stderr } = command.args(["--config", &file, "--check"]).output().unwrap();
    let printed = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{printed}");
    for (name, value) in variables {
        let setting = SETTINGS.iter().find(|setting| setting.variable() == *name).unwrap();
        let line = format!("{} = {value:?}  # environment", setting.key);
        assert!(printed.lines().any(|printed| printed == line), "{line}: {printed}");
    }
}
