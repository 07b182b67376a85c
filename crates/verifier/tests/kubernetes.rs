//! The Kustomize base in `deploy/kubernetes` and its example of an overlay, built by `kubectl kustomize`. Whether each object
//! has the form of Kubernetes' API is tested in `tests/types/kubernetes.test.mjs`.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use support::deploy::{Folder, check_with, is_installed};
use yaml_rust2::{Yaml, YamlLoader};

/// The objects that a kustomization builds.
struct Objects(Vec<Yaml>);

impl Objects {
    fn build(folder: &Path) -> Self {
        let Output { status, stdout, stderr } = Command::new("kubectl").arg("kustomize").arg(folder).output().unwrap();
        assert!(status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&stderr));
        Self(YamlLoader::load_from_str(&String::from_utf8(stdout).unwrap()).unwrap())
    }

    /// Returns the object of this kind whose name is this one, or begins with it and ends with a hash.
    fn find(&self, kind: &str, name: &str) -> &Yaml {
        let is_meant = |object: &&Yaml| {
            let rest = object["metadata"]["name"].as_str().unwrap().strip_prefix(name);
            object["kind"].as_str() == Some(kind) && rest.is_some_and(|rest| rest.is_empty() || is_hash(rest))
        };
        self.0.iter().find(is_meant).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    fn pod(&self) -> &Yaml {
        &self.find("Deployment", "authress-verifier")["spec"]["template"]
    }

    fn container(&self) -> &Yaml {
        &self.pod()["spec"]["containers"][0]
    }

    fn settings(&self) -> &str {
        self.find("ConfigMap", "authress-verifier")["data"]["verifier.toml"].as_str().unwrap()
    }

    fn environment(&self) -> Vec<(String, String)> {
        let data = self.find("ConfigMap", "authress-verifier-environment")["data"].as_hash().unwrap();
        data.iter().map(|(name, value)| (text(name), text(value))).collect()
    }
}

fn text(value: &Yaml) -> String {
    value.as_str().unwrap_or_else(|| panic!("no string: {value:?}")).to_owned()
}

/// Kustomize's suffix: a hyphen and ten characters.
fn is_hash(text: &str) -> bool {
    text.len() == 11 && text.starts_with('-') && !text[1..].contains('-')
}

fn names(list: &Yaml) -> Vec<String> {
    list.as_vec().unwrap().iter().map(|entry| text(&entry["name"])).collect()
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/kubernetes"))
}

/// Builds the base and the overlay. Where kubectl is not installed, it builds nothing.
fn both() -> Vec<Objects> {
    if !is_installed(Command::new("kubectl")) {
        return Vec::new();
    }
    ["base", "overlays/production"].map(|name| Objects::build(&folder().join(name))).into()
}

#[test]
fn the_references_between_the_objects_are_consistent() {
    for objects in both() {
        let (pod, container) = (objects.pod(), objects.container());
        let deployment = objects.find("Deployment", "authress-verifier");
        let labels = &pod["metadata"]["labels"];
        assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
        assert_eq!(&objects.find("Service", "authress-verifier")["spec"]["selector"], labels);
        let budget = objects.find("PodDisruptionBudget", "authress-verifier");
        assert_eq!(&budget["spec"]["selector"]["matchLabels"], labels);
        let policy = objects.find("NetworkPolicy", "authress-verifier");
        assert_eq!(&policy["spec"]["podSelector"]["matchLabels"], labels);
        let account = objects.find("ServiceAccount", "authress-verifier");
        assert_eq!(pod["spec"]["serviceAccountName"], account["metadata"]["name"]);
        for object in [account, &pod["spec"]] {
            assert_eq!(object["automountServiceAccountToken"].as_bool(), Some(false));
        }

        let ports = names(&container["ports"]);
        for probe in ["readinessProbe", "livenessProbe"] {
            // Not on the public port, whose connections clients can occupy.
            assert_eq!(container[probe]["httpGet"]["port"].as_str(), Some("metrics"), "{probe}");
        }
        assert_eq!(ports, ["http", "metrics"]);
        assert_eq!(text(&policy["spec"]["ingress"][0]["ports"][0]["port"]), "http");
        assert_eq!(names(&container["volumeMounts"]), names(&pod["spec"]["volumes"]));
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"].as_bool(), Some(true));

        // The pod refers to the ConfigMaps by the names with a hash.
        let of_environment = &container["envFrom"][0]["configMapRef"]["name"];
        let config_map = objects.find("ConfigMap", "authress-verifier-environment");
        assert_eq!(of_environment, &config_map["metadata"]["name"]);
        assert!(text(of_environment).len() > "authress-verifier-environment".len());
        let of_file = &pod["spec"]["volumes"][0]["configMap"]["name"];
        assert_eq!(of_file, &objects.find("ConfigMap", "authress-verifier")["metadata"]["name"]);
    }
}

#[test]
fn the_verifier_accepts_the_settings_and_the_times_fit_together() {
    for objects in both() {
        let environment = objects.environment();
        let mut variables: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let redis = objects.find("Service", "authress-verifier-redis");
        let host = format!("redis://{}:{}/0", text(&redis["metadata"]["name"]), 6379);
        assert!(variables.contains(&("REDIS_URL", &host)), "{variables:?}");
        // There is no cluster in which this name leads to a Redis.
        variables.retain(|(name, _)| *name != "REDIS_URL");
        check_with("kubernetes", objects.settings(), &variables);

        let table: toml::Table = objects.settings().parse().unwrap();
        let delay = table["shutdown"]["delay_s"].as_integer().unwrap();
        let drain = i64::try_from(authress_verifier::ServerLimits::default().drain.as_secs()).unwrap();
        assert!(delay + drain < objects.pod()["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap());
        // Longer than the idle timeout of Traefik, 90 seconds, which is that of the overlay's Ingress.
        assert!(table["server"]["idle_timeout_s"].as_integer().unwrap() > 90);
        for (port, listen) in [(0, &table["listen"]), (1, &table["metrics"]["listen"])] {
            let port = objects.container()["ports"][port]["containerPort"].as_i64().unwrap();
            assert!(listen.as_str().unwrap().ends_with(&format!(":{port}")), "{listen:?}");
        }
    }
}

#[test]
fn a_changed_setting_replaces_the_pods() {
    let before = both();
    let Some(before) = before.first() else { return };
    let copy = Folder::new("kustomize");
    let status = Command::new("cp").arg("-r").arg(folder().join("base")).arg(&copy.0).status().unwrap();
    assert!(status.success());
    let file = copy.0.join("base/verifier.toml");
    let changed = std::fs::read_to_string(&file).unwrap().replace("delay_s = 5", "delay_s = 6");
    std::fs::write(&file, changed).unwrap();
    let after = Objects::build(&copy.0.join("base"));
    assert_ne!(before.pod(), after.pod());
}

#[test]
fn an_overlay_changes_the_host_the_image_and_the_number_of_pods() {
    let both = both();
    let [base, production] = &both[..] else { return };
    let host = |objects: &Objects| objects.environment().into_iter().find(|(name, _)| name == "AUTHRESS_API_URL");
    assert_ne!(host(base), host(production));
    assert_eq!(base.environment().len(), production.environment().len(), "the others are those of the base");
    assert!(text(&production.container()["image"]).contains("@sha256:"));
    assert!(production.find("Deployment", "authress-verifier")["spec"]["replicas"].as_i64() > Some(3));
    let path = &production.find("Ingress", "authress-verifier")["spec"]["rules"][0]["http"]["paths"][0];
    assert_eq!((text(&path["path"]), text(&path["pathType"])), ("/v1/login".to_owned(), "Exact".to_owned()));
    for object in &production.0 {
        assert_eq!(object["metadata"]["namespace"].as_str(), Some("shop"), "{object:?}");
    }
    let monitor = production.find("PodMonitor", "authress-verifier");
    assert_eq!(&monitor["spec"]["selector"]["matchLabels"], &production.pod()["metadata"]["labels"]);
    assert_eq!(text(&monitor["spec"]["podMetricsEndpoints"][0]["port"]), "metrics");
    let policy = production.find("NetworkPolicy", "authress-verifier-metrics");
    assert_eq!(&policy["spec"]["podSelector"]["matchLabels"], &production.pod()["metadata"]["labels"]);
}
