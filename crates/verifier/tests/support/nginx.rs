//! nginx in front of verifiers.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use authress_redis::test_server::eventually;

use super::deploy::{Folder, deploy};

/// nginx with the configuration of `deploy/`. Only addresses, paths and the certificate are replaced.
pub(crate) struct Nginx {
    process: Child,
    pub(crate) address: String,
    pub(crate) folder: Folder,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker process exits on SIGTERM, but not on SIGKILL.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

impl Nginx {
    /// Starts nginx in front of the verifier at `upstream`.
    pub(crate) fn start(upstream: &str) -> Self {
        Self::start_changed(upstream, |recipe| recipe)
    }

    /// Starts nginx with further changes of the recipe.
    pub(crate) fn start_changed(upstream: &str, change: impl FnOnce(String) -> String) -> Self {
        let folder = Folder::new("nginx");
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let here = folder.0.display();
        let site = change(deploy("nginx.conf"))
            .replace("listen 443 ssl;", &format!("listen {address};"))
            .replace("listen [::]:443 ssl;", "")
            .replace("127.0.0.1:9000", upstream)
            .replace("/var/log/nginx/", &format!("{here}/"))
            .lines()
            .filter(|line| !line.contains("ssl_certificate"))
            .collect::<Vec<_>>()
            .join("\n");
        let main = format!(
            "pid {here}/pid; error_log {here}/error.log; daemon off; worker_processes 1;\n\
             events {{ worker_connections 256; }}\n\
             http {{\nclient_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/f;\n\
             uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;\n{site}\n}}\n"
        );
        let file = folder.write("nginx.conf", &main);
        let test = nginx().args(["-t", "-q", "-e", "stderr", "-c", &file]).output().unwrap();
        assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stderr));
        let process = nginx().args(["-e", "stderr", "-c", &file]).stdin(Stdio::null()).spawn().unwrap();
        let nginx = Self { process, address, folder };
        eventually("nginx listens", || std::net::TcpStream::connect(&nginx.address).is_ok());
        nginx
    }
}

/// On Debian it is in /usr/sbin, which is not on the path of every user.
pub(crate) fn nginx() -> Command {
    let mut command = Command::new("nginx");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    command
}
