//! What counts of flags, environment and file; what is said about mistakes; and that documentation and schema know all settings.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use podfence_agent::config::{AgentSocket, ConfigError, Listen, Resolved, SETTINGS, Sources, resolve};
use podfence_agent::metrics::{CLUSTER, NODE};
use podfence_testkit::schemas;
use serde_json::{Map, Value, json};

/// A file that is removed with this.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podfence-config-{name}-{}.yaml", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

type Told<'t> = &'t [(&'t str, &'t str)];

fn told(flags: Told<'_>, environment: Told<'_>, file: &str) -> Result<Resolved, ConfigError> {
    let name = format!("{:?}", std::thread::current().id());
    let file = File::new(&name.replace(['(', ')'], ""), file);
    let flags =
        |flag: &str| flags.iter().filter(|(name, _)| *name == flag).map(|(_, v)| (*v).to_owned()).collect();
    let variables: BTreeMap<_, _> = environment.iter().copied().collect();
    resolve(flags, |variable| variables.get(variable).map(|text| (*text).to_owned()), Some(&file.0))
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let file = "resync: 1s\nretry: 2s\nnode-name: f\npod-ranges: [10.0.0.0/8]\nlog: {level: debug}\n";
    let environment = [
        ("PODFENCE_RESYNC", "3s"),
        ("PODFENCE_RETRY", "4s"),
        ("NODE_NAME", "e"),
        ("PODFENCE_LOG_FORMAT", "json"),
    ];
    let resolved =
        told(&[("resync", "5s"), ("source", "dir:a"), ("source", "dir:b")], &environment, file).unwrap();
    let is = &resolved.configuration;
    assert_eq!((is.resync.as_secs(), is.retry.as_secs()), (5, 4));
    assert_eq!(is.node_name.as_deref(), Some("e"));
    assert!(matches!(&is.sources, Sources::Files(paths) if paths.len() == 2));
    assert_eq!(is.pod_ranges.len(), 1);
    assert_eq!((is.log_level.to_string().as_str(), is.log_json), ("debug", true));
    assert_eq!(is.listen, Listen::Tcp("127.0.0.1:9353".parse().unwrap()), "the default");
    let shown = resolved.to_string();
    for line in [
        "# flag --resync",
        "# environment, PODFENCE_RETRY",
        "# environment, NODE_NAME",
        ".yaml:5",
        "# default",
    ] {
        assert!(shown.contains(line), "{line} in\n{shown}");
    }
    let own = told(
        &[],
        &[("NODE_NAME", "e"), ("PODFENCE_NODE_NAME", "ours"), ("PODFENCE_POD_RANGES", "::/0, 10.0.0.0/8")],
        "",
    );
    let own = own.unwrap().configuration;
    assert_eq!((own.node_name.as_deref(), own.pod_ranges.len()), (Some("ours"), 2));
}

#[test]
fn what_is_printed_says_the_same_when_it_is_read() {
    let odd = [
        ("node-name", "a: b # c\n\"d\""),
        ("hook-priority", "last"),
        ("listen", "[::1]:80"),
        ("source", "dir:/a b,c"),
        ("source", "dir:-"),
        ("flow-log", "/var/log/flows"),
        ("mark-mask", "0x00ff0000"),
    ];
    for flags in [&[][..], &odd[..]] {
        let first = told(flags, &[], "").unwrap();
        let again = told(&[], &[], &first.to_string()).unwrap_or_else(|error| panic!("{error}\n{first}"));
        assert_eq!(again.configuration, first.configuration, "{first}");
    }
}

#[test]
fn what_is_written_has_a_place_of_its_own() {
    let is = told(&[("socket", "s.sock"), ("flow-log", "f.jsonl")], &[], "").unwrap().configuration;
    let here = std::env::current_dir().unwrap();
    assert_eq!((is.socket, is.flow_log), (here.join("s.sock"), Some(here.join("f.jsonl"))));
    assert!(told(&[("socket", "")], &[], "").unwrap_err().to_string().contains("is no path"));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let table: [(Told<'_>, Told<'_>, &str, &str); 11] = [
        (
            &[("resync", "x")],
            &[],
            "",
            "flag --resync: `x` is no time: write a number and ms, s, m or h, such as 5m",
        ),
        (
            &[],
            &[("PODFENCE_HOOK_PRIORITY", "x")],
            "",
            "environment, PODFENCE_HOOK_PRIORITY: `x` is no priority",
        ),
        (
            &[],
            &[],
            "log:\n  level: dbug\n",
            ":2:10: error[setting]: `log.level`: `dbug` is none of off, error, warn, info, debug, trace; did you mean `debug`?",
        ),
        (
            &[],
            &[],
            "resinc: 5m\n",
            ":1:1: error[unknown-field]: unknown field `resinc`; did you mean `resync`?",
        ),
        (&[], &[], "socket: [a, b]\n", ":1:9: error[setting]: `socket`: this is one value, not a list"),
        (&[], &[], "sources: [etc]\n", ":1:10: error[setting]: `sources`: `etc` is no source"),
        (&[], &[], "retry: 1\nresync: 1\n", "(and 1 more)"),
        (&[("mark-mask", "0x1")], &[], "", "flag --mark-mask: `0x1` has not at least two bits"),
        (&[], &[], "pod-ranges: [10.0.0.1/8]\n", "has bits behind its prefix: write 10.0.0.0/8"),
        (&[], &[], "node-name: ''\n", ":1:12: error[setting]: `node-name`: the name is empty"),
        (&[], &[], "pod-ranges: [10.0.0.0/33]\n", ":1:13: error[setting]: `pod-ranges`: `10.0.0.0/33`: "),
    ];
    for (flags, environment, file, expected) in table {
        let error = told(flags, environment, file).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
    }
    let missing = Path::new("/nonexistent/podfence.yaml");
    let error = resolve(|_| Vec::new(), |_| None, Some(missing)).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/podfence.yaml"), "{error}");
}

#[test]
fn a_name_with_dots_is_told_to_be_a_mapping() {
    let Err(ConfigError::File(refused)) = told(&[], &[], "log.level: debug\n") else {
        panic!("it is refused")
    };
    let help = refused.diagnostics[0].help.as_deref();
    assert_eq!(help, Some("write `level` below `log`, in a mapping: `log: {level: ...}`"));
}

/// The socket that somebody finds who asks an agent.
fn found(flags: Told<'_>, environment: Told<'_>, file: Option<&Path>) -> Result<AgentSocket, ConfigError> {
    let flags =
        |flag: &str| flags.iter().filter(|(name, _)| *name == flag).map(|(_, v)| (*v).to_owned()).collect();
    let variables: BTreeMap<_, _> = environment.iter().copied().collect();
    AgentSocket::find(flags, |variable| variables.get(variable).map(|text| (*text).to_owned()), file)
}

#[test]
fn who_asks_finds_the_socket_as_the_agent_does() {
    let file = File::new("asked", "socket: /f/agent.sock\nmark-mask: '0x1'\n");
    let name = file.0.to_str().unwrap();
    let by_file = format!("the socket is named by: {name}:1");
    let table: [(Told<'_>, Told<'_>, Option<&Path>, &str, &str); 5] = [
        (
            &[("socket", "/x")],
            &[("PODFENCE_SOCKET", "/e")],
            Some(&file.0),
            "/x",
            "the socket is named by: flag --socket",
        ),
        (
            &[],
            &[("PODFENCE_SOCKET", "/e")],
            Some(&file.0),
            "/e",
            "the socket is named by: environment, PODFENCE_SOCKET",
        ),
        (&[], &[], Some(&file.0), "/f/agent.sock", &by_file),
        (&[], &[("PODFENCE_CONFIG", name)], None, "/f/agent.sock", &by_file),
        (
            &[],
            &[("PODFENCE_CONFIG", "")],
            None,
            "/run/podfence/agent.sock",
            "PODFENCE_SOCKET or `socket` in /etc/podfence/config.yaml",
        ),
    ];
    for (flags, environment, file, path, by) in table {
        let socket = found(flags, environment, file).unwrap();
        assert_eq!(socket.path, Path::new(path));
        assert!(socket.to_string().contains(by), "{socket}\n{by}");
    }
    let away =
        found(&[("socket", "/nowhere/agent.sock")], &[], None).unwrap().open().unwrap_err().to_string();
    assert!(
        away.starts_with("no agent answers at /nowhere/agent.sock: ") && away.contains("flag --socket"),
        "{away}"
    );
}

#[test]
fn who_named_a_file_that_is_not_there_is_told() {
    let nowhere = "/nonexistent/podfence.yaml";
    let variable = |name: &str| (name == "PODFENCE_CONFIG").then(|| nowhere.to_owned());
    let error = resolve(|_| Vec::new(), variable, None).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "environment, PODFENCE_CONFIG: cannot read the configuration file /nonexistent/podfence.yaml: "
        ),
        "{error}"
    );
    let error = resolve(|_| Vec::new(), variable, Some(Path::new(nowhere))).unwrap_err().to_string();
    assert!(error.starts_with("flag --config: "), "{error}");
    assert!(found(&[], &[("PODFENCE_CONFIG", nowhere)], None).is_err());
}

/// A document of all settings with these values, as the file nests them.
fn document(value: impl Fn(&str) -> Option<Value>) -> Value {
    let mut document = Map::new();
    for setting in SETTINGS {
        let Some(value) = value(setting.name) else { continue };
        match setting.name.split_once('.') {
            None => drop(document.insert(setting.name.into(), value)),
            Some((folder, key)) => {
                let folder = document.entry(folder).or_insert_with(|| json!({}));
                folder[key] = value;
            }
        }
    }
    document.into()
}

#[test]
fn the_schema_knows_every_setting_and_its_default() {
    let default = |name: &str| {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        let text = setting.default?;
        Some(text.parse::<i64>().map_or_else(|_| text.into(), Value::from))
    };
    schemas::fits("agent-config-v1", &document(default)).unwrap();
    for setting in SETTINGS {
        let wrong = document(|name| (name == setting.name).then(|| json!({"no": "setting"})));
        assert!(schemas::fits("agent-config-v1", &wrong).is_err(), "{} is not in the schema", setting.name);
    }
    let unknown = json!({"resinc": "5m"});
    assert!(schemas::fits("agent-config-v1", &unknown).is_err());
}

#[test]
fn the_documentation_lists_every_metric_and_no_other() {
    let text = documentation();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `podfence_")).collect();
    let metrics = NODE.iter().chain(CLUSTER);
    let wanted: Vec<String> =
        metrics.map(|metric| format!("| `{}` | {} |", metric.name(), metric.about)).collect();
    assert_eq!(rows, wanted, "{}", wanted.join("\n"));
}

fn documentation() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/agent.md")).unwrap()
}

#[test]
fn the_documentation_lists_every_setting() {
    let text = documentation();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    for setting in SETTINGS {
        let default = setting.default.map_or(setting.otherwise.to_owned(), |default| format!("`{default}`"));
        let row = format!("| `{}` | `--{}` | {default} | {} |", setting.name, setting.flag, setting.about);
        assert!(rows.contains(&row.as_str()), "docs/agent.md lacks the row\n{row}");
    }
}
